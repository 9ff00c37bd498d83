// Which shares are given, and by whom?
// $top: int = 50   how many rows
// -> id, parent, w (share of 1), weight_source, relation
MATCH (p:Product)-[r:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]->(a:Product) WHERE r.w IS NOT NULL
RETURN p.id AS id, a.id AS parent, r.w AS w, r.weight_source AS weight_source, r.relation AS relation
ORDER BY w DESC, id, parent LIMIT $top
