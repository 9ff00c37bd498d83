// Of which models is no data set known anywhere upstream?
// $top: int = 50   how many rows
// -> id, children, downloads
MATCH (p:Model) WHERE NOT (p)-[:TRAINED_ON]->()
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a:Dataset) RETURN count(DISTINCT a) AS datasets }
WITH p, datasets WHERE datasets = 0
RETURN p.id AS id, COUNT { (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(:Product) } AS children,
     p.downloads AS downloads
ORDER BY children DESC, id LIMIT $top
