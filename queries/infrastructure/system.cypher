// Which products were made or served on one type of machine, and what was made out of them?
// $system: str   the type of machine, as the jobs name it
// $top: int = 50   how many rows
// -> id, jobs, descendants
MATCH (j:Job {system: $system})
OPTIONAL MATCH (j)-[:SERVES]->(served:Product)
OPTIONAL MATCH (j)<-[:MADE_BY]-(made:Product)
WITH coalesce(made, served) AS p, count(j) AS jobs
CALL (p) { MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(d:Product) WHERE d <> p RETURN count(DISTINCT d) AS descendants }
RETURN p.id AS id, jobs, descendants
ORDER BY jobs DESC, id LIMIT $top
