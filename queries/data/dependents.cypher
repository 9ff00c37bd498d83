// What depends on this data set?
// Models that were trained on it, and everything made out of those; direct says whether in one step.
// $product: str   the data set, as dataset:name
// $top: int = 50   how many rows
// -> id, kind, direct, hops, deployed
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(d:Product) RETURN DISTINCT d }
WITH p, d WHERE d <> p
MATCH path = shortestPath((d)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(p))
RETURN d.id AS id, d.kind AS kind, length(path) = 1 AS direct, length(path) AS hops, d.deployed AS deployed
ORDER BY hops, id LIMIT $top
