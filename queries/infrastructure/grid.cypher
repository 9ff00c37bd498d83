// Which products were made or served with the electricity of one grid?
// $grid: str   the grid, as the jobs name it
// $top: int = 50   how many rows
// -> id, jobs, jobs_known, energy_kwh (kWh)
MATCH (j:Job {grid: $grid})
OPTIONAL MATCH (j)-[:SERVES]->(served:Product)
OPTIONAL MATCH (j)<-[:MADE_BY]-(made:Product)
WITH coalesce(made, served) AS p, j,
     coalesce(j.energy_kwh, j.power_w / 1000 * coalesce(j.device_count, 1.0) * coalesce(j.utilisation, 1.0)
     * j.duration_h * coalesce(j.share, 1.0)) AS energy
WITH p, count(j) AS jobs, count(energy) AS jobs_known, sum(energy) AS total
RETURN p.id AS id, jobs, jobs_known, CASE WHEN jobs_known = 0 THEN null ELSE total END AS energy_kwh
ORDER BY total DESC, id LIMIT $top
