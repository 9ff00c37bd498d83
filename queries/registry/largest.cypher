// Which models are largest?
// $top: int = 20   how many rows
// -> id, parameters, tokens, own_gco2e (gCO2e)
MATCH (p:Model) WHERE p.parameters >= 0
RETURN p.id AS id, p.parameters AS parameters, p.tokens AS tokens,
     coalesce(p.own_gco2e, p.own_carbon_gco2e) AS own_gco2e
ORDER BY parameters DESC, id LIMIT $top
