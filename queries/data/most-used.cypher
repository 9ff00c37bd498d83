// Which data sets is most built on?
// $top: int = 20   how many rows
// -> id, models, descendants
MATCH (p:Dataset)<-[:TRAINED_ON]-(m:Model)
WITH p, count(m) AS models ORDER BY models DESC, p.id LIMIT $top
CALL (p) { MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(d:Product) WHERE d <> p RETURN count(DISTINCT d) AS descendants }
RETURN p.id AS id, models, descendants
ORDER BY models DESC, id LIMIT $top
