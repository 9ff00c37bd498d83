// Which data sets are behind this product and everything built on it?
// members counts the products of the family that stand on the data set.
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, members, license
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]-(m:Product) RETURN DISTINCT m }
CALL (m) { MATCH (m)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a:Dataset) WHERE a <> m RETURN DISTINCT a }
RETURN a.id AS id, count(m) AS members, a.license AS license
ORDER BY members DESC, id LIMIT $top
