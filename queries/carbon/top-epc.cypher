// Which products carry the most carbon, upstream included?
// needs: results
// $top: int = 20   how many rows
// -> id, epc_gco2e (gCO2e), own_gco2e (gCO2e), retained_share (share of 1), covered (share of 1)
MATCH (run:LineageRun {prefix: ''})
MATCH (p:Product {lineage_run: run.id}) WHERE p.epc_gco2e IS NOT NULL
RETURN p.id AS id, p.epc_gco2e AS epc_gco2e, p.own_gco2e AS own_gco2e, p.retained_share AS retained_share,
     p.covered AS covered
ORDER BY epc_gco2e DESC, id LIMIT $top
