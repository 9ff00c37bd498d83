// A model catalogue as another tool keeps it: other labels, keys, directions, units and names than ours.
// About fifty nodes: six corpora, twenty-eight models, eight training runs, two supplies, machines and people.
UNWIND range(1, 6) AS i
CREATE (:Corpus {slug: 'corpus-' + i, words: i * 1.0e9, terms: CASE i % 2 WHEN 0 THEN 'cc-by-4.0' ELSE 'mit' END});
UNWIND range(1, 4) AS i
CREATE (:FoundationModel {uuid: 'fm-' + i, title: 'Foundation ' + i, released: date({year: 2019 + i, month: 3, day: i}),
  training_co2: i * 10.0, weights: i * 1.0e8, `licence text`: 'apache-2.0'});
UNWIND range(1, 24) AS i
CREATE (:TunedModel {nr: i, title: 'Tuned ' + i, released: date({year: 2024, month: 1 + i % 12, day: 1}),
  training_co2: CASE WHEN i % 3 = 0 THEN null ELSE i * 5.0 END, live: i % 2 = 0});
UNWIND range(1, 8) AS i CREATE (:TrainingRun {run: 'run-' + i, mwh: i * 0.5, hours: i * 100.0});
CREATE (:Supply {code: 'hydro', grams: 24.0, area: 'NO'}), (:Supply {code: 'mix', grams: 380.0, area: 'DE'});
CREATE (:Machine {code: 'rack', watts: 3500.0}), (:Machine {code: 'desk', watts: 400.0});
CREATE (:Person {name: 'Ada'}), (:Person {name: 'Alan'}), (:TunedModel {title: 'a draft without a number'});
MATCH (f:FoundationModel), (c:Corpus) WHERE toInteger(substring(f.uuid, 3)) <= toInteger(substring(c.slug, 7))
CREATE (c)-[:FED {share: 0.25}]->(f);
MATCH (t:TunedModel), (f:FoundationModel) WHERE t.nr <= 16 AND f.uuid = 'fm-' + (1 + t.nr % 4)
CREATE (t)-[:FINETUNED_FROM {portion: 0.1}]->(f);
MATCH (t:TunedModel), (u:TunedModel) WHERE t.nr > 16 AND u.nr = t.nr - 16 CREATE (t)-[:FINETUNED_FROM]->(u);
MATCH (r:TrainingRun), (f:FoundationModel) WHERE f.uuid = 'fm-' + (1 + toInteger(substring(r.run, 4)) % 4)
CREATE (r)-[:PRODUCED]->(f);
MATCH (r:TrainingRun), (s:Supply {code: 'hydro'}), (m:Machine {code: 'rack'})
CREATE (r)-[:DREW_FROM]->(s), (m)-[:HOSTED]->(r);
MATCH (p:Person {name: 'Ada'}), (t:TunedModel) WHERE t.nr < 4 CREATE (p)-[:OWNS]->(t);
