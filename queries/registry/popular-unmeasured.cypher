// Which much-downloaded products have no carbon figure?
// $top: int = 20   how many rows
// -> id, downloads, children
MATCH (p:Product) WHERE p.downloads IS NOT NULL AND coalesce(p.own_gco2e, p.own_carbon_gco2e) IS NULL
WITH p ORDER BY p.downloads DESC, p.id LIMIT $top
RETURN p.id AS id, p.downloads AS downloads,
     COUNT { (p)<-[:DERIVED_FROM|TRAINED_ON|GENERATED_BY|BUILT_ON]-(:Product) } AS children
ORDER BY downloads DESC, id LIMIT $top
