// What is this product made out of in one step, and what do the sources say about each step?
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, kind, type, relation, w (share of 1), weight_source
MATCH (p:Product {id: $product})-[r:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]->(a:Product)
RETURN a.id AS id, a.kind AS kind, type(r) AS type, r.relation AS relation, r.w AS w, r.weight_source AS weight_source
ORDER BY id LIMIT $top
