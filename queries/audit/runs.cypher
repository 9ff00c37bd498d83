// Which runs have written their figures back?
// needs: results
// $top: int = 50   how many rows
// -> id, prefix, impact, policy, products, sum_own, sum_burden, unit
MATCH (run:LineageRun)
RETURN run.id AS id, run.prefix AS prefix, run.impact AS impact, run.policy AS policy, run.products AS products,
       run.sum_own AS sum_own, run.sum_burden AS sum_burden, run.unit AS unit
ORDER BY id LIMIT $top
