// What was made out of this product, directly and indirectly?
// hops is the shortest way down; a product on a cycle is not its own descendant.
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, kind, hops
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(d:Product) RETURN DISTINCT d }
WITH p, d WHERE d <> p
MATCH path = shortestPath((d)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(p))
RETURN d.id AS id, d.kind AS kind, length(path) AS hops
ORDER BY hops, id LIMIT $top
