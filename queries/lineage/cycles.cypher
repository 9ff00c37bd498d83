// Which products are made out of themselves?
// length is the number of steps on the shortest cycle through the product; a cost needs --cycles solve or break then.
// $top: int = 50   how many rows
// -> id, kind, length
MATCH (p:Product) WHERE (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-() AND (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]->()
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a:Product) WHERE a = p RETURN DISTINCT a }
MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]->(n:Product) WHERE n <> p
MATCH path = shortestPath((n)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(p))
RETURN p.id AS id, p.kind AS kind, min(length(path)) + 1 AS length
ORDER BY length, id LIMIT $top
