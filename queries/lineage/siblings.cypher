// Which products share a parent with this one?
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, shared_parents
MATCH (p:Product {id: $product})-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]->(parent:Product)
     <-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(s:Product)
WHERE s <> p
RETURN s.id AS id, count(DISTINCT parent) AS shared_parents
ORDER BY shared_parents DESC, id LIMIT $top
