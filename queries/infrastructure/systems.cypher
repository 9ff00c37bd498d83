// What does each type of machine carry?
// device_hours is as stated, else devices x time; hours_known counts the jobs that have it.
// $top: int = 20   how many rows
// -> system, jobs, hours_known, device_hours (h), embodied_gco2e (gCO2e)
MATCH (j:Job) WHERE j.system IS NOT NULL
OPTIONAL MATCH (j)-[:RAN_ON]->(s:System)
WITH j, s, coalesce(j.device_hours, coalesce(j.device_count, 1.0) * j.duration_h) AS hours
WITH j.system AS system, count(j) AS jobs, count(hours) AS hours_known, sum(hours) AS total,
     max(s.embodied_gco2e) AS embodied_gco2e
RETURN system, jobs, hours_known, CASE WHEN hours_known = 0 THEN null ELSE total END AS device_hours, embodied_gco2e
ORDER BY total DESC, system LIMIT $top
