// Which products have neither parents nor children?
// $top: int = 50   how many rows
// -> id, kind, created_at
MATCH (p:Product)
WHERE NOT (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-()
RETURN p.id AS id, p.kind AS kind, p.created_at AS created_at
ORDER BY id LIMIT $top
