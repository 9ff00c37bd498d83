// What are all of these products made out of?
// $products: list[str]   the products, as kind:name
// $top: int = 50   how many rows
// -> id, kind, products, descendants
MATCH (p:Product) WHERE p.id IN $products
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]->(a:Product) RETURN DISTINCT a }
WITH a, count(p) AS products
WHERE products = COUNT { MATCH (q:Product) WHERE q.id IN $products RETURN DISTINCT q }
CALL (a) { MATCH (a)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(d:Product) WHERE d <> a RETURN count(DISTINCT d) AS descendants }
RETURN a.id AS id, a.kind AS kind, products, descendants
ORDER BY descendants, id LIMIT $top
