// How does one product come to stand on another?
// One shortest way; as a picture: --format mermaid, or svg.
// $product: str   the product that was made, as kind:name
// $parent: str   the product it stands on, as kind:name
// $top: int = 1   at most so many ways
// -> path (graph), hops
MATCH (p:Product {id: $product})
MATCH (a:Product {id: $parent}) WHERE a <> p
MATCH path = shortestPath((p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a))
RETURN path, length(path) AS hops
ORDER BY hops LIMIT $top
