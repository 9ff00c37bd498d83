// What arrived last?
// $since: date = 1900-01-01   not before this day
// $top: int = 20   how many rows
// -> id, created_at, parents
MATCH (p:Product) WHERE p.created_at >= $since
WITH p ORDER BY p.created_at DESC, p.id LIMIT $top
RETURN p.id AS id, p.created_at AS created_at,
     COUNT { (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]->(:Product) } AS parents
ORDER BY created_at DESC, id LIMIT $top
