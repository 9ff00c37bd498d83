// What does each grid carry?
// energy is as stated, else power x devices x utilisation x time x share, without cooling and loss; jobs_known counts
// the jobs that have it.
// $top: int = 20   how many rows
// -> grid, jobs, jobs_known, products, energy_kwh (kWh)
MATCH (j:Job) WHERE j.grid IS NOT NULL
OPTIONAL MATCH (j)-[:SERVES]->(served:Product)
OPTIONAL MATCH (j)<-[:MADE_BY]-(made:Product)
WITH j, coalesce(made, served) AS p,
     coalesce(j.energy_kwh, j.power_w / 1000 * coalesce(j.device_count, 1.0) * coalesce(j.utilisation, 1.0)
     * j.duration_h * coalesce(j.share, 1.0)) AS energy
WITH j.grid AS grid, count(j) AS jobs, count(energy) AS jobs_known, count(DISTINCT p) AS products, sum(energy) AS total
RETURN grid, jobs, jobs_known, products, CASE WHEN jobs_known = 0 THEN null ELSE total END AS energy_kwh
ORDER BY total DESC, grid LIMIT $top
