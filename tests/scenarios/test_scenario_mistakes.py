"""What a scenario once took for something else, or took without a word: each is refused, or right, now."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lineage.cli import main
from lineage.errors import ImportFault, OptionError
from lineage.graph import Graph
from lineage.run import Run
from lineage.scenarios import Range, Scenario, apply, restate, sweep, sweeps, whatif
from lineage.scenarios.movement import Figures
from lineage.stores import connect
from lineage.testing import graph
from lineage.views.interval import Bounds


def made() -> Graph:
    """A base with a job, a child, and another product."""
    return graph(
        "base -> tuned",
        "other",
        own={"base": 100, "other": 70},
        jobs=[{"id": "job1", "product": "base", "energy_kwh": 1.0, "utilisation": 0.8, "pue": 1.2}],
    )


def refused(*settings: str, run: Run | None = None) -> str:
    with pytest.raises(OptionError) as caught:
        whatif(made(), Scenario.of(*settings), run)
    return str(caught.value)


def refused_file(text: str, tmp_path: Path) -> str:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(ImportFault) as caught:
        whatif(made(), Scenario.from_file(path))
    return str(caught.value)


# -- options of the run ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["no", "false", "0", "NO"])
def test_no_turns_imputation_off(text: str) -> None:
    assert Scenario.of(f"run.impute={text}").run(Run()).impute is False
    assert Scenario.of(f"run.impute={text}").run(Run(impute=True)).impute is False
    assert Scenario.of("run.impute=yes").run(Run()).impute is True


def test_imputation_is_yes_or_no(tmp_path: Path) -> None:
    assert "neither yes nor no" in refused("run.impute=maybe")
    message = refused_file('[run]\nimpute = "no"', tmp_path)
    assert "line 2, [run] 'impute'" in message and "write true or false" in message


@pytest.mark.parametrize(
    "options",
    [
        ("policy=property", "property=downloads"),
        ("policy=property", "as_of=2024", "property=downloads"),
        ("policy=cff", "cff_a=0.5"),
        ("policy=cff", "quality=stars", "cff_a=0.5"),
    ],
)
def test_a_policy_waits_for_what_it_needs(options: tuple[str, ...]) -> None:
    run = Scenario.of(*(f"run.{text}" for text in options)).run(Run())
    assert run == Scenario.of(*(f"run.{text}" for text in options[::-1])).run(Run())
    assert run.policy in ("property", "cff")


def test_other_options_of_the_run_keep_their_order() -> None:
    settings = ("run.policy=half", "run.as_of=2024", "own[base]=1 g", "run.policy=equal", "run.users=all")
    assert Scenario.of(*settings).labels == [text.replace("=", " = ") for text in settings]
    assert Scenario.of("run.policy=half", "run.policy=equal").run(Run()).policy == "equal"
    told = whatif(made(), Scenario.of("run.policy=property", "run.property=own cost"))
    assert [step.change.field for step in told.steps] == ["property", "policy"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[run]\nproperty = 3\npolicy = "property"', "line 2, [run] 'property': 3 is no text"),
        ('[run]\nquality = 3\ncff_a = 0.5\npolicy = "cff"', "line 2, [run] 'quality': 3 is no text"),
        ("[run]\npolicy = true", "line 2, [run] 'policy': True is no text"),
        ("[run]\nfactors = 3", "line 2, [run] 'factors': 3 is no text"),
    ],
)
def test_options_that_are_text(text: str, line: str, tmp_path: Path) -> None:
    assert line in refused_file(text, tmp_path)


# -- amounts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["50 MWh", "3 m3"])
def test_the_market_holds_carbon_only(value: str) -> None:
    assert "is no mass of CO2e" in refused(f"own_market[base]={value}")
    for good in ("2 t", "unknown"):
        apply(made(), Scenario.of(f"own_market[base]={good}"))


@pytest.mark.parametrize("change", ["own[base]=+100 kg", "own[base]=+ 1 t", "jobs[job1].energy=+5 kWh"])
def test_a_plus_without_a_percentage_is_refused(change: str) -> None:
    message = refused(change)
    assert "leave out the +" in message and "-10 %" in message


def test_a_factor_makes_nothing_that_cannot_be() -> None:
    for change in ("jobs[job1].utilisation=x 3", "jobs[job1].utilisation=+300 %"):
        assert "must be between 0 and 1" in refused(change)
    assert "must be 1 or more" in refused("jobs[job1].pue=x 0.5")
    apply(made(), Scenario.of("jobs[job1].utilisation=x 1.25"))
    attribute = Graph.from_tables([{"id": "model:a", "score": -3.0}], [])
    assert apply(attribute, Scenario.of("products[a].score=x 2")).floats("products", "score").tolist() == [
        -6.0
    ]


# -- small -------------------------------------------------------------------------------------------------


def test_messages_show_what_was_typed_and_the_way_out(tmp_path: Path) -> None:
    assert refused("remove.edges=*").startswith("remove.edges=*: '*' is no edge")
    assert "patterns match ids: write model:bas*" in refused("own[bas*]=2 t")
    assert "line 2, [series] 'DE': 3 is no text" in refused_file("[series]\nDE = 3", tmp_path)


def test_a_job_that_a_total_hides_gets_the_hint(tmp_path: Path) -> None:
    with connect(tmp_path / "lineage.store") as opened:
        opened.write(made())
    (tmp_path / "plan.toml").write_text(
        '[[add.jobs]]\nid = "more"\nproduct = "base"\nphase = "training"\nenergy = "1 kWh"\n'
    )
    arguments = ["whatif", str(tmp_path / "plan.toml"), "--store", str(tmp_path / "lineage.store")]
    result = CliRunner().invoke(main, arguments, prog_name="lineage")
    assert "No figure moved." in result.stdout and "own[PRODUCT]=jobs" in result.stdout


# -- sweeps ------------------------------------------------------------------------------------------------


def test_percentages_keep_their_sign() -> None:
    told = whatif(made(), Scenario())
    for text in ("own[base]=-10 %:-50 %:5", "own[base]=-50 %:-10 %:5", "own[base]=-50 %:+50 %:5"):
        (flip,) = sweep(told, Range.of(text), ["base", "other"]).flips
        assert flip.value == pytest.approx(-30) and flip.text.startswith("-")
        assert (flip.below, flip.above) == ("model:base", "model:other")
    values = Range.of("own[base]=-50 %:+50 %:3")
    assert [values.label(value) for value in values.values] == ["-50 %", "+0 %", "+50 %"]
    assert Range.of("own[base]=-50 %:0 %:3").values == [-50.0, -25.0, 0.0]
    even = whatif(graph("a", "b", own={"a": 70, "b": 70}), Scenario())
    (flip,) = sweep(even, Range.of("own[a]=-50 %:+70 %:2"), ["a", "b"]).flips
    assert flip.value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("text", ["+1g:+200g:4", "-50 %:50 %:4", "x 1:+50 %:4", "1 g:+2 g:3"])
def test_ends_of_a_sweep_that_do_not_go_together(text: str) -> None:
    with pytest.raises(OptionError, match="as percentages with their signs"):
        Range.of(f"own[a]={text}")


def test_a_lower_bound_is_shown_as_one(tmp_path: Path) -> None:
    with connect(tmp_path / "lineage.store") as opened:
        opened.write(graph("base, unknown -> tuned", "other", own={"base": 900, "tuned": 1, "other": 200}))
    arguments = ["whatif", "--sweep", "own[base]=100g:900g:3", "--product", "tuned", "--product", "other"]
    arguments += ["--store", str(tmp_path / "lineage.store")]
    result = CliRunner().invoke(main, arguments, prog_name="lineage")
    assert result.exit_code == 0, result.output
    rows = [line for line in result.stdout.splitlines() if line.startswith(("100 g", "500 g", "900 g"))]
    assert len(rows) == 3 and all("≥" in row for row in rows)
    told = CliRunner().invoke(main, [*arguments, "--format", "json"], prog_name="lineage").stdout
    flips = json.loads(told)["sweeps"][0]["flips"]
    assert len(flips) == result.stdout.count("flips, as far as known, at own[base]") == 1


def test_no_flip_where_a_figure_is_unknown() -> None:
    nan = float("nan")

    def at(value: float) -> Figures:
        import numpy as np

        side = np.array([value if value in (1.0, 9.0) else nan, 5.0])
        return Figures(["model:a", "model:b"], Bounds(side, side, side))

    for text in ("own[a]=1g:9g:2", "own[a]=1g:9g:3"):
        values = Range.of(text)
        stages = [at(value) for value in values.values]
        assert list(sweeps._flips(values, at, stages, ("model:a", "model:b"))) == []


# -- dates -------------------------------------------------------------------------------------------------


def test_dates_of_different_precision_are_in_order() -> None:
    grown = graph("a -> b", own={"a": 4}, products={"b": {"created_at": "2024-08-01"}})
    for since, until in (("2024", "2024-06-01"), ("2024-07", "2024-07-30"), ("2024", "2023-12")):
        with pytest.raises(OptionError, match="is not before"):
            restate(grown, None, since, until)
    for since, until in (("2023-12-31", "2023"), ("2024", "2024"), ("2024-02", "2024-02-29")):
        with pytest.raises(OptionError, match=f"nothing lies between {since} and {until}: both end at"):
            restate(grown, None, since, until)
    for since in ("2024-06-01", "2024-06-01T12:00:00Z", "2024-07", "2023"):
        told = restate(grown, None, since, "2024")
        assert told.row("b").before is None and told.row("b").after is not None
        assert [row.ids for row in told.rows("a")] == [("model:b",)]
