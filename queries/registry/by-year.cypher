// How many products arrived in which year?
// $top: int = 50   how many rows
// -> year, kind, products, known
MATCH (p:Product)
RETURN coalesce(substring(p.created_at, 0, 4), 'undated') AS year, p.kind AS kind, count(p) AS products,
     count(coalesce(p.own_gco2e, p.own_carbon_gco2e)) AS known
ORDER BY year, kind LIMIT $top
