"""Scenario files and options: what they say, and every mistake a person makes in one, with place and way out."""

from pathlib import Path

import pytest

from lineage.demo import demo_graph
from lineage.errors import ImportFault, InputError, OptionError
from lineage.graph import Graph
from lineage.run import Run
from lineage.scenarios import Scenario, apply, whatif
from lineage.testing import graph


def made() -> Graph:
    """A base with jobs, two children, a merge."""
    return graph(
        "dataset:web -> base -[fine-tune]-> left, right",
        "left, right -[merge]-> merged",
        "base -[0.25]-> deep",
        own={"left": (3, 5, 9), "right": 5, "merged": 1, "deep": 7},
        jobs=[
            {"id": "train", "product": "base", "energy_kwh": 100.0, "pue": 1.0, "grid": "DE"}
            | {"duration_h": 5.0, "system": "gpu", "power_w": 300.0, "started_at": "2024-01-01T00:00:00Z"},
            {"id": "serve", "product": "base", "phase": "inference", "energy_kwh": 0.1, "grid": "DE"},
        ],
        systems={"gpu": {"embodied_gco2e": 150_000.0, "lifetime_h": 43_800.0, "power_w": 400.0}},
        grids={"DE": {"intensity_gco2e_per_kwh": 400.0}, "SE": {"intensity_gco2e_per_kwh": 40.0}},
    )


def told(text: str, tmp_path: Path) -> str:
    """Write a scenario file, apply it, and return the message that it gives."""
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ImportFault) as caught:
        whatif(made(), Scenario.from_file(path))
    assert caught.value.source == str(path)
    return str(caught.value).removeprefix(f"{path}, ").removeprefix(f"{path}: ")


MISTAKES = [
    # text of the file, where it is wrong, what is wrong, the way out
    ('[own]\n"bsae" = "2 t"', "line 2, [own] 'bsae'", "no product 'bsae'", "did you mean 'model:base'"),
    ('[own]\n"model:acme/*" = "2 t"', "line 2", "no product fits the pattern", "did you mean"),
    ('[own]\n"base" = "2 km"', "line 2, [own] 'base'", "'km' is not a mass of CO2e", "7.4 t"),
    ('[own]\n"base" = 5', "line 2", "has no unit", "7.4 t"),
    ('[own]\n"base" = "-2 t"', "line 2", "negative", "-10 %"),
    ('[own]\n"base" = "-150 %"', "line 2", "makes it negative", "100 % at most"),
    ('[own]\n"base" = "50 %"', "line 2", "of what is there?", "x 0.5"),
    ('[own]\n"base" = true', "line 2", "is no amount", "with its unit"),
    ('[own]\n"dataset:web" = "x 2"', "line 2", "is unknown", "give a value"),
    ('[own]\n"left" = "jobs"', "line 2", "no jobs that made it", "give a value"),
    ('[owm]\n"base" = "2 t"', "line 1, [owm]", "no section [owm]", "did you mean 'own'"),
    ("own = 3", "line 1", "this is a section", "[own] on a line of its own"),
    ("title = 3", "title", "3 is no text", "title ="),
    ("[own", "", "this is no TOML", ""),
    ('[weights]\n"left <- base" = 1.5', "line 2, [weights] 'left <- base'", "between 0 and 1", "0.5"),
    ('[weights]\n"deep <- base" = "x 5"', "line 2", "a share of 1.25", "between 0 and 1"),
    ('[weights]\n"left <- right" = 0.5', "line 2", "there is no edge", "made out of model:base"),
    ('[weights]\n"dataset:web <- base" = 0.5', "line 2", "there is no edge", "made out of nothing"),
    ('[weights]\n"left" = 0.5', "line 2", "is no edge", "'PRODUCT <- PARENT'"),
    ('[weights]\n"left <- base" = "x 2"', "line 2", "no w to multiply", "give a value"),
    ('[grid]\n"DK" = "4 g/kWh"', "line 2", "there is no grid 'DK'", "there are DE, SE"),
    ('[power]\n"gpu" = "300 kg"', "line 2", "'kg' is not a power", "300 W"),
    ('[lifetime]\n"gpu" = "0 years"', "line 2", "above 0", "leave"),
    ("[jobs.trian]\npue = 1.1", "line 2, [jobs] 'trian' 'pue'", "no job 'trian'", "did you mean 'train'"),
    ("[jobs.train]\npeu = 1.1", "line 2", "jobs have no 'peu'", "did you mean 'pue'"),
    ("[jobs.train]\npue = 0.9", "line 2", "must be 1 or more", "all energy"),
    ('[jobs.train]\ngrid = "Atlantis"', "line 2", "describes the grid 'Atlantis'", "[[add.grids]]"),
    ('[jobs.train]\nsystem = "abacus"', "line 2", "describes the system 'abacus'", "[[add.systems]]"),
    ('[jobs.train]\nphase = "trainning"', "line 2", "is not a phase", "did you mean 'training'"),
    ('[jobs.train]\nstarted_at = "soon"', "line 2", "is not a date", "YYYY-MM-DD"),
    ('[jobs.train]\npower_cap = "x 2"', "line 2", "a cap is a power", "250 W"),
    ('[jobs.train]\npower_cap = "2 kg"', "line 2", "not a power", "300 W"),
    ('[jobs.serve]\npower_cap = "200 W"', "line 2", "no power is known", "-10 %"),
    ('[jobs."model:left"]\npue = 1.1', "line 2", "has no jobs", "[own]"),
    ("[jobs]\ntrain = 3", "line 1, [jobs]", "needs its fields", '[jobs."train"]'),
    ('[products.base]\nown_carbon = "2 t"', "line 2", "a section of their own", "write [own]"),
    ('[series]\n"DE" = "absent.csv"', "line 2", "No such file", "time and intensity"),
    ('[replace]\n"left <- base" = "nope"', "line 2", "no product 'nope'", ""),
    ('[replace]\n"left <- base" = 3', "line 2", "the new parent is a name", "3"),
    ('[replace]\n"merged <- left" = "right"', "line 2", "made out of model:right already", "remove"),
    ('[replace]\n"left <- base" = "left"', "line 2", "cannot be made out of itself", "another parent"),
    ('[replace]\n"base <- dataset:web" = "merged"', "line 2", "made out of itself, but", "--cycles"),
    ('[[add.edges]]\nproduct = "base"\nparent = "merged"', "line 1", "made out of itself, but", "--cycles"),
    ('[[add.edges]]\nproduct = "left"\nparent = "base"', "line 1", "there already", "[weights]"),
    ('[[add.edges]]\nproduct = "left"\nparent = "left"', "line 1", "made out of itself", "another parent"),
    ('[[add.edges]]\nproduct = "new"\nparent = "base"', "line 1", "no product 'new'", "[[add.products]]"),
    ('[[add.edges]]\nproduct = "left"', "line 1", "needs parent", "parent ="),
    ('[[add.products]]\nid = "left"', "line 1", "not KIND:NAME", "begin it with"),
    ('[[add.products]]\nid = "model:left"', "line 1", "there already", "[products]"),
    ('[[add.products]]\nid = "model:x"\nparnets = []', "line 1", "no 'parnets'", "did you mean 'parents'"),
    ('[[add.products]]\nid = "model:x"\nparents = "base"', "line 1", "a list of names", 'parents = ["'),
    ('[[add.products]]\nid = "model:x"\ncount = 0', "line 1", "count is a whole number", "from 1"),
    ('[[add.products]]\nid = "model:x"\nown_carbon = "1 km"', "line 1", "'km' is not", "7.4 t"),
    ('[[add.products]]\nid = "model:x"\nlike = "lft"', "line 1", "no product 'lft'", "did you mean"),
    ('[add]\nproducts = ["model:x"]', "line 1", "row by row", "[[add.products]]"),
    ("[add]\nmodels = []", "line 1", "cannot add 'models'", "there are products"),
    ("[remove]\nproducts = [3]", "line 1", "removed by name", 'products = ["NAME"'),
    ('[remove]\nedges = ["left <- base", "left <- lft"]', "line 2", "no product 'lft'", "did you mean"),
    ('[run]\npolcy = "half"', "line 1, [run]", "a run has no 'polcy'", "did you mean 'policy'"),
    ('[run]\npolicy = "halve"', "line 2, [run] 'policy'", "does not exist", "or 'half'"),
    ('[run]\nimpact = "water"', "line 2", "have the same impact", "--impact"),
    ('[run]\npolicy = "property"', "line 2", "needs a column", "--property"),
]


@pytest.mark.parametrize(("text", "place", "problem", "way_out"), MISTAKES)
def test_mistakes_have_place_problem_and_way_out(
    text: str, place: str, problem: str, way_out: str, tmp_path: Path
) -> None:
    message = told(text, tmp_path)
    assert message.startswith(place)
    assert problem in message and way_out in message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("owm[base]=2 t", "did you mean 'own'"),
        ("base=2 t", "is no change; write for example"),
        ("own.base=2 t", "write 'own[base]=2 t'"),
        ("jobs[train]=2", "write 'jobs[NAME].FIELD=2'"),
        ("add[x]=3", "write 'add.products=3'"),
        ("run.polcy=half", "did you mean 'policy'"),
        ("run.cff_a=much", "'much' is no value of cff_a"),
        ("run.retain=maybe", "neither yes nor no"),
        ("own[bsae]=2 t", "own[bsae] = 2 t: no product 'bsae'; did you mean"),
        ("weights[left <- base]=2", "weights[left <- base] = 2: "),
    ],
)
def test_mistakes_in_options(text: str, problem: str) -> None:
    with pytest.raises(OptionError) as caught:
        whatif(made(), Scenario.of(text))
    assert problem in str(caught.value)


def test_a_file_and_options_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(
        'title = "Half"\n[own]\n"base" = "2 kg"\n[weights]\n"left <- base" = 0.5\n[jobs.train]\npue = 1.5\n'
        '[remove]\nedges = ["deep <- base"]\n[run]\npolicy = "half"\nretain = true\n'
    )
    given = Scenario.from_file(path)
    same = Scenario.of(
        "own[base]=2 kg",
        "weights[left <- base]=0.5",
        "jobs[train].pue=1.5",
        "remove.edges=deep <- base",
        "run.policy=half",
        "run.retain=yes",
    )
    assert given.name == "Half" and given.labels[:5] == same.labels[:5]
    assert apply(made(), given) == apply(made(), same)
    assert given.run(Run()) == same.run(Run()) == Run(policy="half")
    assert given.as_dict()["source"] == str(path)


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ImportFault, match="no TOML"):
        Scenario.from_file(path)
    with pytest.raises(FileNotFoundError):
        Scenario.from_file(tmp_path / "absent.toml")


def test_a_mapping_is_a_scenario_too() -> None:
    given = Scenario.from_tables({"own": {"base": "2 kg"}})
    assert apply(made(), given).floats("products", "own_carbon_gco2e")[1] == 2000.0
    with pytest.raises(InputError, match="did you mean 'own'"):
        Scenario.from_tables({"onw": {"base": "2 kg"}})


def test_the_file_in_the_docs_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "whatif.md").read_text(encoding="utf-8")
    path = tmp_path / "docs.toml"
    path.write_text(page.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    told = whatif(demo_graph(), Scenario.from_file(path))
    assert len(told.steps) == len(told.scenario.changes) == 12
    assert all(part.moved for part in told.parts("distilbert") if "lifetime" not in part.change)


def test_the_options_in_the_docs_are_some() -> None:
    page = (Path(__file__).parents[2] / "docs" / "whatif.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `[")]
    options = [row[-2].strip().strip("`") for row in rows]
    assert len(options) == 12 and len(Scenario.of(*options).changes) == 12
