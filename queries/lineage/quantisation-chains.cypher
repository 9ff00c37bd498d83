// Which models are quantised versions of quantised versions?
// $top: int = 50   how many rows
// -> id, base, hops
MATCH (p)-[r:DERIVED_FROM]->(a) WHERE r.relation = 'quantization'
MATCH (a:Model)-[:DERIVED_FROM {relation: 'quantization'}]->(:Model)
WITH DISTINCT p WHERE p:Model
MATCH path = (p)-[:DERIVED_FROM*2.. {relation: 'quantization'}]->(base:Model)
WHERE p <> base AND NOT EXISTS { (base)-[:DERIVED_FROM {relation: 'quantization'}]->(:Model) }
RETURN p.id AS id, base.id AS base, min(length(path)) AS hops
ORDER BY hops DESC, id, base LIMIT $top
