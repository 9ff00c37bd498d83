// Where do questions about a lineage start?
// No parameters. Run after constraints.cypher, once, on a Neo4j 5 database; running them again changes nothing.
// -> nothing
// Names and dates are where a question enters the graph; relations and phases are what it filters by on the way.
CREATE INDEX dataset_name IF NOT EXISTS FOR (n:Dataset) ON (n.name);
CREATE INDEX model_name IF NOT EXISTS FOR (n:Model) ON (n.name);
CREATE INDEX platform_name IF NOT EXISTS FOR (n:Platform) ON (n.name);
CREATE INDEX dataset_created_at IF NOT EXISTS FOR (n:Dataset) ON (n.created_at);
CREATE INDEX model_created_at IF NOT EXISTS FOR (n:Model) ON (n.created_at);
CREATE INDEX model_license IF NOT EXISTS FOR (n:Model) ON (n.license);
CREATE INDEX model_downloads IF NOT EXISTS FOR (n:Model) ON (n.downloads);
CREATE INDEX job_phase IF NOT EXISTS FOR (n:Job) ON (n.phase);
CREATE INDEX job_started_at IF NOT EXISTS FOR (n:Job) ON (n.started_at);
CREATE INDEX derived_from_relation IF NOT EXISTS FOR ()-[r:DERIVED_FROM]-() ON (r.relation);
