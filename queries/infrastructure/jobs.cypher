// Which jobs made, re-trained or serve this product?
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, phase, energy_kwh (kWh), duration_h (h), system, grid, started_at
MATCH (p:Product {id: $product})-[:MADE_BY|SERVES]-(j:Job)
RETURN j.id AS id, j.phase AS phase, j.energy_kwh AS energy_kwh, j.duration_h AS duration_h, j.system AS system,
       j.grid AS grid, j.started_at AS started_at
ORDER BY id LIMIT $top
