// Where does the market-based figure differ most from the location-based one?
// $top: int = 20   how many rows
// -> id, own_carbon_gco2e (gCO2e), own_carbon_market_gco2e (gCO2e), difference_gco2e (gCO2e)
MATCH (p:Product) WHERE p.own_carbon_gco2e >= 0 AND p.own_carbon_market_gco2e IS NOT NULL
WITH p, p.own_carbon_market_gco2e - p.own_carbon_gco2e AS difference
RETURN p.id AS id, p.own_carbon_gco2e AS own_carbon_gco2e, p.own_carbon_market_gco2e AS own_carbon_market_gco2e,
     difference AS difference_gco2e
ORDER BY abs(difference) DESC, id LIMIT $top
