// How large has what was built on this product become?
// The product and each of its descendants once; ratio is descendants over the product's own.
// Own carbon is that of the run that was written back, else as reported.
// $product: str   the product, as kind:name
// $top: int = 1   how many rows
// -> id, own_gco2e (gCO2e), descendants_gco2e (gCO2e), ratio, known, members
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]-(m:Product) RETURN DISTINCT m }
WITH p, coalesce(p.own_gco2e, p.own_carbon_gco2e) AS own, count(m) AS members,
     count(coalesce(m.own_gco2e, m.own_carbon_gco2e)) AS known,
     count(CASE WHEN m <> p THEN coalesce(m.own_gco2e, m.own_carbon_gco2e) END) AS below,
     sum(CASE WHEN m <> p THEN coalesce(m.own_gco2e, m.own_carbon_gco2e) END) AS total
RETURN p.id AS id, own AS own_gco2e, CASE WHEN below = 0 THEN null ELSE total END AS descendants_gco2e,
       CASE WHEN below = 0 OR own = 0 THEN null ELSE total / own END AS ratio, known, members
ORDER BY id LIMIT $top
