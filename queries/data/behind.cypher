// Which data sets are behind this product?
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, hops, license, known
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a:Dataset) RETURN DISTINCT a }
WITH p, a WHERE a <> p
MATCH path = shortestPath((p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a))
RETURN a.id AS id, length(path) AS hops, a.license AS license, a.known AS known
ORDER BY hops, id LIMIT $top
