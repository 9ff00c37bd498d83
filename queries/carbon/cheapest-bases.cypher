// Which models for a task hand the least carbon to one more model built on them?
// The task stands in a column that the sources brought along. The share is that of policy equal: EPC over the
// children with the new one, plus one for the base's own use.
// needs: results
// $task: str   the task, such as text-generation
// $column: str = "pipeline_tag"   the property that holds the task
// $top: int = 20   how many rows
// -> id, next_share_gco2e (gCO2e), epc_gco2e (gCO2e), children, covered (share of 1)
MATCH (run:LineageRun {prefix: ''})
MATCH (p:Model {lineage_run: run.id}) WHERE p[$column] = $task AND p.epc_gco2e IS NOT NULL
WITH p, COUNT { (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(:Product) } AS children
RETURN p.id AS id, p.epc_gco2e / (children + 2) AS next_share_gco2e, p.epc_gco2e AS epc_gco2e, children,
     p.covered AS covered
ORDER BY next_share_gco2e, id LIMIT $top
