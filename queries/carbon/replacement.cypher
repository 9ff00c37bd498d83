// What would it take to make this product again from nothing?
// The product and each of its ancestors once (the cumulative view): never sum it over products.
// Own carbon is that of the run that was written back, else as reported.
// $product: str   the product, as kind:name
// $top: int = 1   how many rows
// -> id, own_gco2e (gCO2e), cumulative_gco2e (gCO2e), known, members
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]->(m:Product) RETURN DISTINCT m }
WITH p, count(m) AS members, count(coalesce(m.own_gco2e, m.own_carbon_gco2e)) AS known,
     sum(coalesce(m.own_gco2e, m.own_carbon_gco2e)) AS total
RETURN p.id AS id, coalesce(p.own_gco2e, p.own_carbon_gco2e) AS own_gco2e,
     CASE WHEN known = 0 THEN null ELSE total END AS cumulative_gco2e, known, members
ORDER BY id LIMIT $top
