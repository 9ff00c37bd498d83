// On which evidence does the reported carbon rest?
// $top: int = 20   how many rows
// -> tier, products, own_carbon_gco2e (gCO2e)
MATCH (p:Product) WHERE p.own_carbon_gco2e >= 0
RETURN coalesce(p.own_carbon_tier, 'unknown') AS tier, count(p) AS products, sum(p.own_carbon_gco2e) AS own_carbon_gco2e
ORDER BY own_carbon_gco2e DESC, tier LIMIT $top
