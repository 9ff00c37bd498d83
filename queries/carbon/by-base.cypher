// How much carbon is in everything built on each base?
// A base is made out of nothing in the graph; each member of its family counts once, so families overlap: never sum them.
// Own carbon is that of the run that was written back, else as reported; known counts the members that have it.
// $top: int = 20   how many rows
// -> id, kind, members, known, family_gco2e (gCO2e)
MATCH (p:Product)
WHERE NOT (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]->() AND (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-()
CALL (p) { MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]-(m:Product) RETURN DISTINCT m }
WITH p, count(m) AS members, count(coalesce(m.own_gco2e, m.own_carbon_gco2e)) AS known,
     sum(coalesce(m.own_gco2e, m.own_carbon_gco2e)) AS total
RETURN p.id AS id, p.kind AS kind, members, known, CASE WHEN known = 0 THEN null ELSE total END AS family_gco2e
ORDER BY total DESC, id LIMIT $top
