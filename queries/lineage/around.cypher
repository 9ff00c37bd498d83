// What lies one step around this product, as a graph?
// As a picture: --format mermaid, or svg.
// $product: str   the product, as kind:name
// $top: int = 50   how many steps
// -> path (graph)
MATCH (p:Product {id: $product})
MATCH path = (p)-[r:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(other:Product)
RETURN path
ORDER BY other.id, type(r), startNode(r).id LIMIT $top
