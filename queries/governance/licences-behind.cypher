// Under which licences is what this product is made out of?
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> license, products, examples
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a:Product) RETURN DISTINCT a }
WITH a WHERE a.id <> $product
WITH a ORDER BY a.id
WITH coalesce(a.license, 'not said') AS license, collect(a.id) AS ids
RETURN license, size(ids) AS products, ids[0..3] AS examples
ORDER BY products DESC, license LIMIT $top
