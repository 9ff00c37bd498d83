// Which unknown figure would be missed by the most products?
// $top: int = 20   how many rows
// -> id, kind, descendants, children
MATCH (p:Product)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(c:Product)
WITH p, count(c) AS children WHERE coalesce(p.own_gco2e, p.own_carbon_gco2e) IS NULL
CALL (p) { MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(d:Product) WHERE d <> p RETURN count(DISTINCT d) AS descendants }
RETURN p.id AS id, p.kind AS kind, descendants, children
ORDER BY descendants DESC, id LIMIT $top
