// For which products in use is least known of the carbon upstream?
// covered is products with known own carbon over all, the product and its ancestors; of the run that was written
// back, else as reported.
// $top: int = 50   how many rows
// -> id, known, members, covered (share of 1)
MATCH (p:Product) WHERE p.deployed = true
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]->(m:Product) RETURN DISTINCT m }
WITH p, count(m) AS members, count(coalesce(m.own_gco2e, m.own_carbon_gco2e)) AS known
RETURN p.id AS id, known, members, toFloat(known) / members AS covered
ORDER BY covered, id LIMIT $top
