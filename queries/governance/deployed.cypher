// Which products are in use, and is enough known of their use to spread their cost over it?
// $top: int = 50   how many rows
// -> id, kind, lifetime_h (h), inferences, complete
MATCH (p:Product) WHERE p.deployed = true
RETURN p.id AS id, p.kind AS kind, p.lifetime_h AS lifetime_h, p.inferences AS inferences,
       p.lifetime_h IS NOT NULL AND p.inferences IS NOT NULL AS complete
ORDER BY complete, id LIMIT $top
