// What must be looked at again if these products are withdrawn?
// Everything made out of one of them; in_use says what is deployed.
// $products: list[str]   what is withdrawn, as kind:name
// $top: int = 50   how many rows
// -> id, kind, withdrawn, in_use
MATCH (a:Product) WHERE a.id IN $products
CALL (a) { MATCH (a)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(p:Product) WHERE NOT p.id IN $products RETURN DISTINCT p }
RETURN p.id AS id, p.kind AS kind, count(a) AS withdrawn, coalesce(p.deployed, false) AS in_use
ORDER BY in_use DESC, withdrawn DESC, id LIMIT $top
