// Which products at the very start is this one made out of?
// A base is an ancestor that is made out of nothing in the graph.
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, kind, hops
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a:Product) RETURN DISTINCT a }
WITH p, a WHERE a <> p AND NOT EXISTS { (a)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]->(:Product) }
MATCH path = shortestPath((p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a))
RETURN a.id AS id, a.kind AS kind, length(path) AS hops
ORDER BY hops, id LIMIT $top
