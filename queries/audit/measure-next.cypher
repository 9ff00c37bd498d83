// Which unknown figure would be missed by the most products?
// $top: int = 20   how many rows
// -> id, kind, descendants, children
MATCH (p:Product) WHERE coalesce(p.own_gco2e,
     p.own_carbon_gco2e) IS NULL AND EXISTS { (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(:Product) }
CALL (p) { MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(d:Product) WHERE d <> p RETURN count(DISTINCT d) AS descendants }
RETURN p.id AS id, p.kind AS kind, descendants,
     COUNT { (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(:Product) } AS children
ORDER BY descendants DESC, id LIMIT $top
