// Whose own use must carry the most carbon?
// Burdens may be summed; share is of the sum of all.
// needs: results
// $top: int = 20   how many rows
// -> id, burden_gco2e (gCO2e), share (share of 1), deployed
MATCH (run:LineageRun {prefix: ''})
MATCH (p:Product {lineage_run: run.id}) WHERE p.burden_gco2e IS NOT NULL
WITH sum(p.burden_gco2e) AS whole, collect(p) AS products
UNWIND products AS p
RETURN p.id AS id, p.burden_gco2e AS burden_gco2e,
     CASE WHEN whole = 0 THEN null ELSE p.burden_gco2e / whole END AS share, p.deployed AS deployed
ORDER BY burden_gco2e DESC, id LIMIT $top
