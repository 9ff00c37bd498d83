// What is this product made out of, directly and indirectly?
// hops is the shortest way up; a product on a cycle is not its own ancestor.
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, kind, hops
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a:Product) RETURN DISTINCT a }
WITH p, a WHERE a <> p
MATCH path = shortestPath((p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a))
RETURN a.id AS id, a.kind AS kind, length(path) AS hops
ORDER BY hops, id LIMIT $top
