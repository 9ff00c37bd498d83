// How were products made out of each other?
// $top: int = 50   how many rows
// -> type, relation, edges, with_weight
MATCH (:Product)-[r:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]->(:Product)
RETURN type(r) AS type, coalesce(r.relation, 'not said') AS relation, count(r) AS edges, count(r.w) AS with_weight
ORDER BY edges DESC, type, relation LIMIT $top
