// Who contributed what to this product's carbon?
// The shares are those of policy equal with all models as users: w where it is given, the rest of a parent divided
// equally among its other children and, where it is used itself, its own use. Every path upward counts with the
// product of its shares. Own carbon is that of the run that was written back, else as reported; a product without
// is left out. Platforms count where BUILT_ON says so. No rows where the product stands on a cycle: use lineage bill.
// $product: str   the product, as kind:name
// $top: int = 50   how many rows
// -> id, weight (share of 1), own_gco2e (gCO2e), contribution_gco2e (gCO2e)
MATCH (p:Product {id: $product})
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]->(u:Product) RETURN DISTINCT u }
CALL (u) { OPTIONAL MATCH (u)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(x:Product) RETURN DISTINCT x }
WITH p, sum(CASE WHEN x = u THEN 1 ELSE 0 END) AS circles WHERE circles = 0
CALL (p) { MATCH (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]->(u:Product) RETURN DISTINCT u }
CALL (u) {
  OPTIONAL MATCH (u)<-[r:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(:Product)
  RETURN 1.0 - sum(coalesce(r.w, 0.0)) AS surplus, count(r) - count(r.w) AS open
}
WITH p, u, CASE WHEN surplus > 1e-12 THEN surplus ELSE 0.0 END AS left,
     open + CASE WHEN u.kind = 'model' OR coalesce(u.deployed, false) THEN 1 ELSE 0 END AS claimants
WITH p, collect({id: u.id, share: CASE WHEN claimants = 0 THEN 0.0 ELSE left / claimants END}) AS equal
MATCH path = (p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*0..]->(a:Product)
WHERE coalesce(a.own_gco2e, a.own_carbon_gco2e) IS NOT NULL
WITH a, reduce(share = 1.0, r IN relationships(path) |
     share * coalesce(r.w, [e IN equal WHERE e.id = endNode(r).id | e.share][0])) AS share
WITH a, sum(share) AS weight, coalesce(a.own_gco2e, a.own_carbon_gco2e) AS own
RETURN a.id AS id, weight, own AS own_gco2e, weight * own AS contribution_gco2e
ORDER BY contribution_gco2e DESC, id LIMIT $top
