// Which sources do the figures rest on?
// $top: int = 50   how many rows
// -> source, products, own_carbon_gco2e (gCO2e)
MATCH (p:Product) WHERE p.own_carbon_source IS NOT NULL
RETURN p.own_carbon_source AS source, count(p) AS products, sum(p.own_carbon_gco2e) AS own_carbon_gco2e
ORDER BY products DESC, source LIMIT $top
