// Which reported carbon figures are least certain?
// $top: int = 20   how many rows
// -> id, lo_gco2e (gCO2e), hi_gco2e (gCO2e), width_gco2e (gCO2e), tier
MATCH (p:Product) WHERE p.own_carbon_gco2e_hi > 0 AND p.own_carbon_gco2e_hi > p.own_carbon_gco2e_lo
WITH p, p.own_carbon_gco2e_hi - p.own_carbon_gco2e_lo AS width
RETURN p.id AS id, p.own_carbon_gco2e_lo AS lo_gco2e, p.own_carbon_gco2e_hi AS hi_gco2e, width AS width_gco2e,
     p.own_carbon_tier AS tier
ORDER BY width_gco2e DESC, id LIMIT $top
