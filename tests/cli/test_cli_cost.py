"""`lineage cost`, `bill`, `family`, `explain`: what they show of the views' figures."""

from pathlib import Path

import pytest

from command_lines import HOSTILE, Run, document, small_graph
from lineage.cli.costing import MOST_ROWS
from lineage.stores import connect
from lineage.testing import graph
from lineage.views.cost import cost


@pytest.mark.usefixtures("store")
def test_cost_document_is_the_view(run: Run) -> None:
    made = document(run("cost", "--policy", "half", "--format", "json"))
    expected = cost(small_graph(), None)
    assert [row["id"] for row in made["products"]] == expected.graph.ids
    assert made["run"]["policy"] == "half" and made["run"]["graph"] == expected.graph.digest
    base = next(row for row in made["products"] if row["id"] == "model:base")
    assert base["own"]["best"] == pytest.approx(40_000 + 150_000 * 5 / 43_800)
    assert base["own"]["tier"] == "from-energy"
    assert base["epc"]["hi"] is None and base["covered"] == 0.5


@pytest.mark.usefixtures("store")
def test_cost_table_says_what_is_unknown(run: Run) -> None:
    lines = run("cost").stdout.splitlines()
    assert lines[0] == "Cost in gCO2e; impact: carbon; policy: equal; as of: now; engine: plain"
    assert lines[1].split() == [
        "product",
        "own",
        "EPC",
        "inherited",
        "burden",
        "cumulative",
        "figures",
        "known",
    ]
    web = next(line for line in lines if line.startswith("dataset:web"))
    base = next(line for line in lines if line.startswith("model:base"))
    assert web.split()[1:4] == ["?", "?", "?"] and "≥ 40.02 kg" in base
    text = "\n".join(lines)
    assert "every known gCO2e is carried exactly once" in text
    assert "Coverage: 6 of 7 products have a figure" in text
    assert "Known cost by evidence: reported" in text and "from-energy 100" not in text.splitlines()[0]


@pytest.mark.usefixtures("store")
def test_names_cannot_steer_the_terminal(run: Run) -> None:
    for command in (("cost",), ("list",), ("check",), ("cost", "--format", "markdown")):
        text = run(*command).stdout
        assert "\x1b" not in text
        assert "HYPERLINK" in text or command == ("check",)


@pytest.mark.usefixtures("store")
def test_some_products_and_the_top(run: Run) -> None:
    named = document(run("cost", "left", "model:right", "left", "--format", "json"))
    assert [row["id"] for row in named["products"]] == ["model:left", "model:right"]
    top = document(run("cost", "--top", "2", "--format", "json"))
    assert top["products"][0]["id"] == "model:base" and len(top["products"]) == 2
    both = document(run("cost", "left", "deep", "--top", "1", "--format", "json"))
    assert [row["id"] for row in both["products"]] == ["model:left"] or len(both["products"]) == 1


@pytest.mark.usefixtures("store")
def test_policy_full_has_no_burden(run: Run) -> None:
    text = run("cost", "--policy", "full").stdout
    assert "Conservation: does not apply to policy full" in text
    deep = next(line for line in text.splitlines() if line.startswith("model:deep"))
    assert deep.split()[-7] == "-"  # before "≥ 40.02 kg  2 of 3"


def test_over_allocation_is_said(run: Run, tmp_path: Path) -> None:
    with connect(tmp_path / "lineage.store") as store:
        store.write(graph("base -[0.8]-> a, b", own={"base": 100}))
    result = run("cost")
    assert "does not conserve: 60 g are handed out more than once (over-allocated)" in result.stdout
    assert result.exit_code == 0
    strict = run("cost", "--strict")
    assert strict.exit_code == 1 and "error: --strict, and 1 finding" in strict.stderr


def test_a_long_table_is_cut_and_says_so(run: Run, tmp_path: Path) -> None:
    names = [f"m{number:03}" for number in range(MOST_ROWS + 20)]
    with connect(tmp_path / "lineage.store") as store:
        store.write(graph(*names, own={"m069": 7.0}))
    lines = run("cost").stdout.splitlines()
    assert lines[2].startswith("model:m069") and lines[3].startswith("model:m000")
    assert len([line for line in lines if line.startswith("model:")]) == MOST_ROWS
    assert "... and 20 more: --top N, or --format csv for all" in lines
    assert len(run("cost", "--format", "csv").stdout.splitlines()) == len(names) + 1


def test_nothing_known_is_not_zero(run: Run, tmp_path: Path) -> None:
    with connect(tmp_path / "lineage.store") as store:
        store.write(graph("base -> a"))
    text = run("cost").stdout
    assert "nothing is known, so there is nothing to conserve" in text and "0 g" not in text
    made = document(run("cost", "--format", "json"))
    assert all(row["epc"]["best"] is None for row in made["products"])
    assert made["conservation"]["sum_own"] is None


@pytest.mark.usefixtures("store")
def test_bill_reaches_all_of_it(run: Run) -> None:
    made = document(run("bill", "merged", "--format", "json"))
    rows = sum(row["contribution"] for row in made["rows"])
    assert rows + made["remainder"]["contribution"] == pytest.approx(made["total"]["best"], rel=1e-12)
    cut = document(run("bill", "merged", "--cutoff", "0.5", "--format", "json"))
    assert [row["id"] for row in cut["rows"]] == ["model:base"] and cut["remainder"]["count"] == 3
    assert "Not covered, no figure known: dataset:web" in run("bill", "merged").stdout


@pytest.mark.usefixtures("store")
def test_family_counts_each_once(run: Run) -> None:
    made = document(run("family", "left", "--format", "json"))
    assert made["total"] == {"lo": 4.0, "best": 6.0, "hi": 10.0} and made["ratio"] == 0.2
    text = run("family", "left").stdout
    assert "family: 6 g (4 g to 10 g)" in text and "0.2 times the base" in text


@pytest.mark.usefixtures("store")
def test_explain_opens_the_number(run: Run) -> None:
    made = document(run("explain", "merged", "--format", "json"))
    assert made["product"] == "model:merged" and made["title"] == "EPC of model:merged"
    text = run("explain", "merged", "--depth", "1").stdout
    assert "own cost of model:merged" in text and "not opened" in text


@pytest.mark.usefixtures("store")
def test_explain_by_paths(run: Run) -> None:
    made = document(run("explain", "merged", "--paths", "2", "--format", "json"))
    assert made["schema"] == "lineage/paths/1" and len(made["rows"]) == 2
    text = run("explain", "merged", "--paths", "2").stdout
    assert "model:base -> model:left -> model:merged" in text and "all other paths" in text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--policy", "property", "--property", "own cost"), "policy: property (own cost)"),
        (("--retain", "0"), "policy: equal (own use keeps nothing)"),
        (("--as-of", "2024-12-31"), "as of: 2024-12-31"),
        (("--cycles", "break", "--users", "deployed"), "cycles: break; users: deployed"),
        (("--impact", "energy"), "Cost in kWh; impact: energy"),
        (("--engine", "scipy"), "engine: scipy"),
    ],
)
@pytest.mark.usefixtures("store")
def test_the_header_tells_the_options(run: Run, options: tuple[str, ...], told: str) -> None:
    assert told in run("cost", *options).stdout.splitlines()[0]


def test_a_hostile_name_is_found(run: Run, store: Path) -> None:
    result = run("cost", f"model:{HOSTILE}", "--format", "json", "--store", store)
    assert document(result)["products"][0]["id"] == f"model:{HOSTILE}"


def test_dropped_edges_are_named_up_to_a_point(run: Run, tmp_path: Path) -> None:
    pairs = [f"a{number:02} -> b{number:02} -> a{number:02}" for number in range(12)]
    with connect(tmp_path / "lineage.store") as store:
        store.write(graph(*pairs))
    text = run("cost", "--cycles", "break").stdout
    assert "Dropped to break cycles: model:" in text and "and 2 more" in text
    assert len(document(run("cost", "--cycles", "break", "--format", "json"))["dropped"]) == 12


def test_every_bound_is_marked(run: Run, tmp_path: Path) -> None:
    made = graph(
        "bounded -[0.5]-> kid",
        "nobody -[0.5]-> over",
        "over -[0.8]-> b",
        "over -[0.7]-> c",
        own={"bounded": (5.0, None, 10.0), "kid": 3.0, "over": 10.0, "b": 3.0},
    )
    with connect(tmp_path / "lineage.store") as store:
        store.write(made)
    lines = run("cost").stdout.splitlines()
    rows = {line.split()[0]: line for line in lines if line.startswith("model:")}
    assert rows["model:kid"].count("≥ 5.5 g") == 2 and "≤ -5 g" in rows["model:over"]
    assert "Coverage: 3 of 6 products have a figure" in "\n".join(lines)
    assert "≥ 3 g, ≥ 0.3 times the base" in run("family", "model:over").stdout


def test_the_largest_of_nothing_known_is_said_to_be_nothing(run: Run, tmp_path: Path) -> None:
    with connect(tmp_path / "bare.store") as opened:
        opened.write(graph("base -> tuned"))
    told = run("cost", "--top", "3", "--store", tmp_path / "bare.store")
    assert told.exit_code == 0 and "No product has a known EPC" in told.stdout
