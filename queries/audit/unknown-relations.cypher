// Of which models is it not known how they were made out of their parents?
// $top: int = 50   how many rows
// -> id, parent, relation
MATCH (p:Model)-[r:DERIVED_FROM]->(a:Model) WHERE coalesce(r.relation, 'unknown') = 'unknown'
RETURN p.id AS id, a.id AS parent, r.relation AS relation
ORDER BY id, parent LIMIT $top
