// Which models were made in this way, and out of what?
// $relation: str   fine-tune, adapter, distillation, quantization, merge, continued-pretraining or unknown
// $top: int = 50   how many rows
// -> id, parent, created_at
MATCH (p)-[r:DERIVED_FROM]->(a) WHERE r.relation = $relation
RETURN p.id AS id, a.id AS parent, p.created_at AS created_at
ORDER BY id, parent LIMIT $top
