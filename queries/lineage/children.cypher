// What was made out of this product in one step?
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, kind, type, relation, w (share of 1), created_at
MATCH (p:Product {id: $product})<-[r:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(c:Product)
RETURN c.id AS id, c.kind AS kind, type(r) AS type, r.relation AS relation, r.w AS w, c.created_at AS created_at
ORDER BY id LIMIT $top
