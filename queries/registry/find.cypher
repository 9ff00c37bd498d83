// Which products have this in their name?
// $text: str   a part of the id, in any case
// $top: int = 50   how many rows
// -> id, kind, created_at
MATCH (p:Product) WHERE toLower(p.id) CONTAINS toLower($text)
RETURN p.id AS id, p.kind AS kind, p.created_at AS created_at
ORDER BY id LIMIT $top
