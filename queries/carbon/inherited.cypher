// Which products inherit most of what they carry?
// needs: results
// $top: int = 20   how many rows
// -> id, inherited_gco2e (gCO2e), inherited_share (share of 1)
MATCH (run:LineageRun {prefix: ''})
MATCH (p:Product {lineage_run: run.id}) WHERE p.epc_gco2e > 0 AND p.own_gco2e IS NOT NULL
RETURN p.id AS id, p.epc_gco2e - p.own_gco2e AS inherited_gco2e, 1.0 - p.own_gco2e / p.epc_gco2e AS inherited_share
ORDER BY inherited_gco2e DESC, id LIMIT $top
