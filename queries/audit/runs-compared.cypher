// Which products moved between two runs, and how far?
// Each run was written back under a prefix of its own; the first under none unless said.
// needs: results
// $after: str   the prefix of the second run
// $before: str = ""   the prefix of the first run
// $figure: str = "burden_gco2e"   the figure to compare, such as epc_gco2e
// $top: int = 20   how many rows
// -> id, before (unit of the figure), after (unit of the figure), moved (unit of the figure)
MATCH (first:LineageRun {prefix: $before})
MATCH (second:LineageRun {prefix: $after})
MATCH (p:Product) WHERE p[$before + 'lineage_run'] = first.id AND p[$after + 'lineage_run'] = second.id
WITH p, p[$before + $figure] AS before, p[$after + $figure] AS after
WHERE before IS NOT NULL AND after IS NOT NULL
RETURN p.id AS id, before, after, after - before AS moved
ORDER BY abs(moved) DESC, id LIMIT $top
