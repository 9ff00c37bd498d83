// On which products is most built directly, and how much indirectly?
// $top: int = 20   how many rows
// -> id, kind, children, descendants
MATCH (p:Product)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(c:Product)
WITH p, count(c) AS children ORDER BY children DESC, p.id LIMIT $top
CALL (p) { MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(d:Product) WHERE d <> p RETURN count(DISTINCT d) AS descendants }
RETURN p.id AS id, p.kind AS kind, children, descendants
ORDER BY children DESC, id LIMIT $top
