// Which products in use stand on products that no source describes?
// $top: int = 50   how many rows
// -> id, unknown, examples
MATCH (p:Product) WHERE p.deployed = true
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a:Product) WHERE NOT a.known RETURN DISTINCT a }
WITH p, a WHERE a <> p
WITH p, a ORDER BY a.id
WITH p, collect(a.id) AS ids
RETURN p.id AS id, size(ids) AS unknown, ids[0..3] AS examples
ORDER BY unknown DESC, id LIMIT $top
