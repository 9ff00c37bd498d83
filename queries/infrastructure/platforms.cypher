// What was built and what ran on each platform?
// $top: int = 20   how many rows
// -> id, built, jobs
MATCH (p:Platform)
RETURN p.id AS id, COUNT { (p)<-[:BUILT_ON]-(:Product) } AS built, COUNT { (p)<-[:RAN_IN]-(:Job) } AS jobs
ORDER BY built DESC, jobs DESC, id LIMIT $top
