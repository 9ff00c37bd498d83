// On which products without a licence is most built?
// $top: int = 50   how many rows
// -> id, kind, children
MATCH (p:Product) WHERE p.license IS NULL
OPTIONAL MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(c:Product)
WITH p, count(c) AS children
RETURN p.id AS id, p.kind AS kind, children
ORDER BY children DESC, id LIMIT $top
