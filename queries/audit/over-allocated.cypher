// Which products hand on more than the whole of themselves?
// $top: int = 50   how many rows
// -> id, given (share of 1), children
MATCH (p:Product)<-[r:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(:Product) WHERE r.w IS NOT NULL
WITH p, sum(r.w) AS given, count(r) AS children WHERE given > 1.0 + 1e-12
RETURN p.id AS id, given, children
ORDER BY given DESC, id LIMIT $top
