// Which products caused the most carbon themselves?
// Own carbon is that of the run that was written back, else as reported; share is of all that is known.
// $top: int = 20   how many rows
// -> id, kind, own_gco2e (gCO2e), share (share of 1)
MATCH (p:Product) WITH p, coalesce(p.own_gco2e, p.own_carbon_gco2e) AS own WHERE own IS NOT NULL
WITH sum(own) AS whole, collect({p: p, own: own}) AS rows
UNWIND rows AS row
RETURN row.p.id AS id, row.p.kind AS kind, row.own AS own_gco2e,
     CASE WHEN whole = 0 THEN null ELSE row.own / whole END AS share
ORDER BY own_gco2e DESC, id LIMIT $top
