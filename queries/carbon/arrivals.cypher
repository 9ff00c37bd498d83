// Which new arrivals moved the shares of what they were built on, and how far?
// Policy equal: a model with n children keeps 1/(n+1). An arrival is a child whose date, or whose edge's, is not
// before the given one; children with a given w are left out. moved is what own use no longer carries of own carbon.
// $since: date   the first day of the new ones
// $top: int = 20   how many rows
// -> id, arrivals, children, kept_before (share of 1), kept_after (share of 1), moved_gco2e (gCO2e)
MATCH (p:Model)<-[r:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(c:Product) WHERE r.w IS NULL
WITH p, CASE WHEN r.created_at IS NULL OR r.created_at < c.created_at THEN c.created_at ELSE r.created_at END AS day
WITH p, count(*) AS children, sum(CASE WHEN day >= $since THEN 1 ELSE 0 END) AS arrivals
WHERE arrivals > 0
WITH p, children, arrivals, 1.0 / (children - arrivals + 1) AS kept_before, 1.0 / (children + 1) AS kept_after
RETURN p.id AS id, arrivals, children, kept_before, kept_after, (kept_before - kept_after)
     * coalesce(p.own_gco2e, p.own_carbon_gco2e) AS moved_gco2e
ORDER BY arrivals DESC, id LIMIT $top
