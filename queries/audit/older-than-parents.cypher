// Which products are dated before something they are made out of?
// $top: int = 50   how many rows
// -> id, created_at, parent, parent_created_at
MATCH (p:Product)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]->(a:Product) WHERE substring(p.created_at, 0,
     10) < substring(a.created_at, 0, 10)
RETURN p.id AS id, p.created_at AS created_at, a.id AS parent, a.created_at AS parent_created_at
ORDER BY id, parent LIMIT $top
