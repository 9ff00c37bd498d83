// Which models have many parents?
// $least: int = 2   at least so many model parents
// $top: int = 50   how many rows
// -> id, parents, stated_as_merge
MATCH (p:Model)-[r:DERIVED_FROM]->(a:Model)
WITH p, count(a) AS parents, sum(CASE WHEN r.relation = 'merge' THEN 1 ELSE 0 END) AS stated_as_merge
WHERE parents >= $least
RETURN p.id AS id, parents, stated_as_merge
ORDER BY parents DESC, id LIMIT $top
