// Of which ancestors of this product is no carbon known?
// Own carbon is that of the run that was written back, else as reported. The product itself has hops 0.
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, kind, hops, known
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]->(a:Product) RETURN DISTINCT a }
WITH p, a WHERE coalesce(a.own_gco2e, a.own_carbon_gco2e) IS NULL
OPTIONAL MATCH path = shortestPath((p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]->(a))
RETURN a.id AS id, a.kind AS kind, CASE WHEN a = p THEN 0 ELSE length(path) END AS hops, a.known AS known
ORDER BY hops, id LIMIT $top
