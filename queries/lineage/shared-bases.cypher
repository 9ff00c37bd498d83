// What are all of these products made out of?
// $products: list[str]   the products, as kind:name
// $top: int = 50   how many rows
// -> id, kind, products, descendants
UNWIND $products AS name
WITH DISTINCT name
MATCH (q:Product {id: name})
WITH collect(q) AS chosen
UNWIND chosen AS p
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]->(a:Product) RETURN DISTINCT a }
WITH a, size(chosen) AS wanted, count(p) AS products WHERE products = wanted
CALL (a) { MATCH (a)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(d:Product) WHERE d <> a RETURN count(DISTINCT d) AS descendants }
RETURN a.id AS id, a.kind AS kind, products, descendants
ORDER BY descendants, id LIMIT $top
