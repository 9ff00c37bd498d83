"""The commands whatif, restate and diff."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lineage.cli import main
from lineage.stores import connect
from lineage.testing import graph


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(item) for item in arguments], prog_name="lineage")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base, two children and another product, with a job whose total wins."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LINEAGE_STORE", raising=False)
    path = tmp_path / "lineage.store"
    made = graph(
        "base -> left, right",
        "other",
        own={"base": 1000, "left": 10, "right": 20, "other": 400},
        products={"right": {"created_at": "2024-03-01"}},
        jobs=[{"id": "train", "product": "base", "energy_kwh": 1.0, "pue": 1.0, "grid": "DE"}],
        grids={"DE": {"intensity_gco2e_per_kwh": 990.0}},
    )
    with connect(path) as opened:
        opened.write(made)
    return path


def test_before_after_and_what_moved_it(store: Path) -> None:
    result = call("whatif", "--set", "own[base]=x 0.5", "--set", "weights[left <- base]=0.5")
    assert result.exit_code == 0, result.output
    lines = [line.split("  ") for line in result.stdout.splitlines()]
    told = {line[0]: [part.strip() for part in line[1:] if part.strip()] for line in lines}
    assert told["model:base"] == ["1 kg", "500 g", "-500 g", "-50 %"]
    assert told["own[base] = x 0.5"] == ["1", "-500 g", "3"] and told["together"] == ["-500 g", "3"]
    assert told["product model:base: own_carbon_gco2e"] == ["1 kg", "500 g"]
    assert "add up to 930 g instead of 1,430 g (-500 g)" in result.stdout
    named = call("whatif", "--set", "own[base]=x 0.5", "--product", "left", "--format", "csv")
    assert len(named.stdout.splitlines()) == 2 and "model:left" in named.stdout


def test_a_change_that_moves_nothing_says_so(store: Path) -> None:
    result = call("whatif", "--set", "jobs[train].grid_intensity=10 g/kWh")
    assert "No figure moved." in result.stdout and "own[PRODUCT]=jobs" in result.stdout
    result = call("whatif", "--set", "jobs[train].grid_intensity=10 g/kWh", "--product", "base")
    assert "none: it moves nothing" in result.stdout and "own[PRODUCT]=jobs" in result.stdout
    result = call("whatif", "--set", "own[base]=jobs", "--set", "jobs[train].grid_intensity=10 g/kWh")
    assert "-990 g" in result.stdout and "own[PRODUCT]=jobs" not in result.stdout


def test_scenarios_side_by_side_and_saved(store: Path, tmp_path: Path) -> None:
    (tmp_path / "half.toml").write_text('title = "Half"\n[own]\n"base" = "x 0.5"\n')
    (tmp_path / "more.toml").write_text('[[add.products]]\nid = "model:more"\nlike = "left"\ncount = 2\n')
    result = call(
        "whatif",
        "half.toml",
        "more.toml",
        "--set",
        "own[other]=1 kg",
        "--product",
        "left",
        "--product",
        "more-1",
    )
    assert result.exit_code == 0, result.output
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()[1:4]}
    assert rows["product"] == ["before", "Half", "more"]
    assert rows["model:more-1"][:2] == ["-", "-"] and rows["model:more-1"][2:] != ["-"]
    before = store.joinpath("current").read_bytes() if store.joinpath("current").exists() else None
    assert call("whatif", "half.toml", "--save-as", "half.store").exit_code == 0
    with connect(tmp_path / "half.store") as opened:
        assert opened.read().floats("products", "own_carbon_gco2e")[0] == 500.0
    with connect(store) as opened:
        assert (
            opened.read().floats("products", "own_carbon_gco2e")[0] == 1000.0 and len(opened.snapshots()) == 1
        )
    assert before == (store.joinpath("current").read_bytes() if before else None)
    for arguments, problem in (
        (("half.toml", "--save-as", "half.store"), "holds a graph already"),
        (("half.toml", "--save-as", store), "would change the store that is read"),
        (("half.toml", "--save-as", "demo:"), "would change the store"),
        (("half.toml", "more.toml", "--save-as", "x.store"), "give one scenario"),
        ((), "nothing is changed"),
        (("--set", "own[bsae]=2 t"), "did you mean"),
        (("--set", "own[base]=2 t", "--product", "nobody"), "no product 'nobody'"),
        (("absent.toml",), "No such file"),
    ):
        refused = call("whatif", *arguments)
        assert refused.exit_code in (1, 2) and problem in refused.stderr, refused.output
    (tmp_path / "bad.toml").write_text('[own]\n"base" = "2 km"\n')
    refused = call("whatif", "bad.toml")
    assert refused.exit_code == 1 and refused.stderr.startswith(
        "error: bad.toml, line 2, [own] 'base': '2 km'"
    )


def test_sweeps_tell_where_the_ranking_flips(store: Path) -> None:
    sweep = ("--sweep", "own[base]=0.1kg:3kg:3", "--product", "left", "--product", "other")
    result = call("whatif", *sweep)
    assert "The ranking flips at own[base] = 1.17 kg: below it model:left is cheaper" in result.stdout
    told = json.loads(call("whatif", *sweep, "--format", "json").stdout)
    assert told["sweeps"][0]["flips"][0]["value"] == pytest.approx(1.17, rel=1e-9)
    apart = call("whatif", "--sweep", "own[base]=0.1kg:0.2kg:2", "--product", "left", "--product", "other")
    assert "does not flip" in apart.stdout


def test_restate(store: Path) -> None:
    result = call("restate", "left", "--from", "2024-01", "--to", "2024-12")
    assert result.exit_code == 0, result.output
    assert "2024-03-01  product model:right  343.3 g  -166.7 g" in result.stdout
    assert "Order: arrivals by date" in result.stdout and "together" in result.stdout
    listed = call("restate", "--from", "2024-01", "--to", "2024-12")
    assert "model:right" in listed.stdout and "?" in listed.stdout
    flat = call(
        "restate", "left", "--from", "2024-01", "--to", "2024-12", "--format", "csv"
    ).stdout.splitlines()
    assert flat[1].startswith("2024-03-01,product,model:right,")
    assert "No figure moved." in call("restate", "--from", "2022", "--to", "2023").stdout
    assert "Nothing arrived" in call("restate", "left", "--from", "2022", "--to", "2023").stdout
    assert call("restate", "--from", "2023", "--to", "2022").exit_code == 2
    call("whatif", "--set", "own[left]=50 g", "--save-as", "new.store")
    told = call(
        "restate",
        "left",
        "--from",
        "2024-01",
        "--to",
        "2024-12",
        "--store",
        "new.store",
        "--published",
        store,
    )
    assert "corrections: product model:left" in told.stdout


def test_diff(store: Path) -> None:
    call("whatif", "--set", "own[left]=50 g", "--set", "remove.products=other", "--save-as", "new.store")
    result = call("diff", store, "new.store")
    assert result.exit_code == 0, result.output
    assert "product model:other" in result.stdout and "removed" in result.stdout
    assert "+40 g" in result.stdout
    rows = call("diff", store, "new.store", "--format", "csv").stdout.splitlines()
    assert rows[0] == "table,id,what,field,before,after,unit" and len(rows) > 3
    assert "The two graphs are equal." in call("diff", "demo:", "demo:").stdout
    assert call("diff", store, "absent.store").exit_code == 1
