// Into which phases does the energy of the jobs go?
// energy is as stated, else power x devices x utilisation x time x share, without cooling and loss; jobs_known counts
// the jobs that have it.
// $top: int = 20   how many rows
// -> phase, jobs, jobs_known, energy_kwh (kWh)
MATCH (j:Job)
WITH j.phase AS phase, j, coalesce(j.energy_kwh, j.power_w / 1000 * coalesce(j.device_count, 1.0)
     * coalesce(j.utilisation, 1.0) * j.duration_h * coalesce(j.share, 1.0)) AS energy
WITH phase, count(j) AS jobs, count(energy) AS jobs_known, sum(energy) AS total
RETURN phase, jobs, jobs_known, CASE WHEN jobs_known = 0 THEN null ELSE total END AS energy_kwh
ORDER BY total DESC, phase LIMIT $top
