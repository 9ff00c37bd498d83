// Which products took the most energy themselves, as reported?
// $top: int = 20   how many rows
// -> id, own_energy_kwh (kWh), tier
MATCH (p:Product) WHERE p.own_energy_kwh >= 0
RETURN p.id AS id, p.own_energy_kwh AS own_energy_kwh, p.own_energy_tier AS tier
ORDER BY own_energy_kwh DESC, id LIMIT $top
