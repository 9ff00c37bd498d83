// Which models are trained, somewhere upstream, on data that a model generated?
// $top: int = 50   how many rows
// -> id, datasets
MATCH (d:Dataset) WHERE EXISTS { (d)-[:GENERATED_BY]->(:Model) }
CALL (d) { MATCH (d)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(m:Model) RETURN DISTINCT m }
RETURN m.id AS id, count(d) AS datasets
ORDER BY datasets DESC, id LIMIT $top
