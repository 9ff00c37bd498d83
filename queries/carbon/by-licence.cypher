// How much carbon stands under which licence?
// Own carbon is that of the run that was written back, else as reported; own costs may be summed.
// $top: int = 20   how many rows
// -> license, products, known, own_gco2e (gCO2e)
MATCH (p:Product)
WITH coalesce(p.license, 'not said') AS license, count(p) AS products,
     count(coalesce(p.own_gco2e, p.own_carbon_gco2e)) AS known, sum(coalesce(p.own_gco2e, p.own_carbon_gco2e)) AS total
RETURN license, products, known, CASE WHEN known = 0 THEN null ELSE total END AS own_gco2e
ORDER BY total DESC, license LIMIT $top
