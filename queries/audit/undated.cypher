// Which products that others were made out of have no date?
// Without a date a product counts as always there.
// $top: int = 50   how many rows
// -> id, kind, children
MATCH (p:Product) WHERE p.created_at IS NULL
MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(c:Product)
RETURN p.id AS id, p.kind AS kind, count(c) AS children
ORDER BY children DESC, id LIMIT $top
