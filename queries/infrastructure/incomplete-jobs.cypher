// Of which jobs can no carbon be computed, and what is missing?
// $top: int = 50   how many rows
// -> id, phase, energy_missing, grid_missing
MATCH (j:Job)
OPTIONAL MATCH (j)-[:RAN_ON]->(s:System)
OPTIONAL MATCH (j)-[:POWERED_BY]->(g:Grid)
WITH j, j.energy_kwh IS NULL AND (coalesce(j.power_w, s.power_w) IS NULL OR coalesce(j.duration_h,
     j.device_hours) IS NULL) AS energy_missing,
     coalesce(j.grid_intensity_gco2e_per_kwh, g.intensity_gco2e_per_kwh) IS NULL AND j.mix IS NULL AS grid_missing
WHERE energy_missing OR grid_missing
RETURN j.id AS id, j.phase AS phase, energy_missing, grid_missing
ORDER BY id LIMIT $top
