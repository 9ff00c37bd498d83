// Which products stand on something with a restrictive licence, but state another one?
// $restrictive: list[str] = ["cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0", "agpl-3.0", "gpl-3.0"]   lower case
// $top: int = 50   how many rows
// -> id, license, upstream, upstream_license, hops
MATCH (a:Product) WHERE toLower(a.license) IN $restrictive
CALL (a) { MATCH (a)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]-(p:Product) RETURN DISTINCT p }
WITH a, p WHERE p <> a AND toLower(p.license) <> toLower(a.license)
WITH a, p ORDER BY p.id, a.id LIMIT $top
MATCH path = shortestPath((p)-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON*1..]->(a))
RETURN p.id AS id, p.license AS license, a.id AS upstream, a.license AS upstream_license, length(path) AS hops
ORDER BY id, upstream LIMIT $top
