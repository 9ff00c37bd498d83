"""`--samples` of cost and bill, and `lineage sensitivity`: what they show, and how they answer wrong use."""

import csv
import io
import json
from pathlib import Path

import pytest

from command_lines import Run, document, small_graph
from lineage.uncertainty import Uncertainty
from lineage.views.samples import samples

UNCERTAIN = """
[own]
"model:right" = "lognormal(100%, 1.5)"
[grid]
"job:train" = "uniform(80%, 120%)"
[weights]
concentration = "fixed"
"""


@pytest.fixture
def file(store: Path) -> Path:
    path = store.parent / "uncertain.toml"
    path.write_text(UNCERTAIN, encoding="utf-8")
    return path


def test_the_document_is_the_view(run: Run, file: Path) -> None:
    made = document(run("cost", "left", "merged", "--samples", 80, "--uncertainty", file, "--format", "json"))
    expected = samples(small_graph(), ["left", "merged"], size=80, uncertainty=Uncertainty.from_file(file))
    assert made["products"] == json.loads(json.dumps(expected.as_dict()))["products"]
    assert made["samples"] == 80 and made["concentration"] is None
    assert made["uncertainty"]["grid"] == {"job:train": "uniform(80%, 120%)"}
    [pair] = made["comparisons"]
    assert (pair["a"], pair["b"], pair["view"]) == ("model:left", "model:merged", "epc")
    assert pair["less"] == expected.probability_less("left", "merged").less


@pytest.mark.usefixtures("store")
def test_the_table_says_what_was_drawn(run: Run) -> None:
    lines = run("cost", "left", "right", "--samples", 100, "--seed", 3).stdout.splitlines()
    assert lines[0].startswith("Cost from 100 samples in gCO2e; impact: carbon; policy: equal")
    assert lines[1].split() == ["product", "own", "EPC", "burden", "cumulative"]
    text = "\n".join(lines)
    assert "g to" in lines[2] and "Drawn, seed 3: 1 input; the weights of" in text
    assert "P(EPC of model:left < EPC of model:right) = " in text and "(standard error " in text
    assert "EPC of model:left, percentiles 5, 50, 95 by samples: 25: " in text
    same = run("cost", "left", "right", "--samples", 100, "--seed", 3).stdout
    assert same.splitlines() == lines
    assert run("cost", "left", "right", "--samples", 100, "--seed", 4).stdout.splitlines() != lines
    everything = run("cost", "--samples", 20).stdout
    assert "dataset:web" in everything and "P(EPC" not in everything


@pytest.mark.usefixtures("store")
def test_a_policy_without_epc(run: Run) -> None:
    text = run("cost", "left", "right", "--samples", 40, "--policy", "shapley").stdout
    assert "P(burden of model:left < burden of model:right)" in text and "the weights are fixed" in text
    left = next(line for line in text.splitlines() if line.startswith("model:left"))
    assert " - " in left  # no EPC


def test_flat_rows(run: Run, file: Path) -> None:
    answer = run("cost", "right", "--samples", 40, "--uncertainty", file, "--format", "csv")
    [row] = csv.DictReader(io.StringIO(answer.stdout))
    assert float(row["own_gco2e_p5"]) < float(row["own_gco2e_p50"]) < float(row["own_gco2e_p95"])
    assert {"epc_gco2e_mean", "epc_gco2e_sd", "burden_gco2e_p50", "cumulative_gco2e_p95"} <= set(row)


def test_a_bill_from_samples(run: Run, file: Path) -> None:
    made = document(run("bill", "merged", "--samples", 60, "--uncertainty", file, "--format", "json"))
    assert made["samples"] == 60 and made["total_spread"]["at_least"] is True
    assert all(row["spread"]["p5"] <= row["spread"]["p95"] for row in made["rows"])
    text = run("bill", "merged", "--samples", 60, "--uncertainty", file, "--cutoff", 0.1).stdout
    assert "EPC of model:merged from 60 samples" in text and "remainder (" in text and "do not." in text
    [first, *_] = csv.DictReader(
        io.StringIO(run("bill", "merged", "--samples", 60, "--format", "csv").stdout)
    )
    assert first["id"] == "model:base" and "contribution_gco2e_p95" in first


def test_sensitivity(run: Run, file: Path) -> None:
    made = document(run("sensitivity", "merged", "--uncertainty", file, "--format", "json"))
    assert made["product"] == "model:merged" and made["sobol"] is None and made["at_least"] is True
    assert [row["kind"] for row in made["rows"]] == ["grid", "own", "own"]
    swings = [row["swing"] for row in made["rows"]]
    assert swings == sorted(swings, reverse=True)
    text = run("sensitivity", "merged", "--uncertainty", file).stdout
    assert text.splitlines()[1].split()[:3] == ["input", "from", "to"]
    assert "intensity of a grid job:train" in text and "82 %" in text and "118 %" in text
    with_weights = run("sensitivity", "merged").stdout
    assert "weight model:left <- model:base" in with_weights
    answer = run("sensitivity", "merged", "--uncertainty", file, "--format", "csv").stdout
    [first, *_] = csv.DictReader(io.StringIO(answer))
    assert float(first["swing_gco2e"]) == pytest.approx(swings[0])
    nothing = run("sensitivity", "dataset:web").stdout
    assert "Nothing is uncertain" in nothing


def test_sobol(run: Run, file: Path) -> None:
    pytest.importorskip("SALib")
    command = ("sensitivity", "merged", "--uncertainty", file, "--sobol", 64)
    made = document(run(*command, "--format", "json"))
    assert made["sobol"]["evaluations"] == 64 * (len(made["sobol"]["analysed"]) + 2)
    assert made["rows"][0]["first"] == pytest.approx(1.0, abs=0.05)
    text = run(*command).stdout
    assert "first order" in text and "fixed at best" in text


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("cost", "--uncertainty", "uncertain.toml"), "say how often with --samples N"),
        (("cost", "--samples", "5"), "20"),
        (("cost", "--samples", "50", "--write-back"), "leave out --samples"),
        (("bill", "merged", "--samples", "50", "--uncertainty", "absent.toml"), "absent.toml"),
        (("sensitivity", "merged", "--sobol", "100"), "a power of two"),
        (("sensitivity", "mergd"), "did you mean 'model:merged'"),
    ],
)
@pytest.mark.usefixtures("file")
def test_wrong_use(run: Run, arguments: tuple[str, ...], problem: str) -> None:
    result = run(*arguments)
    assert result.exit_code in (1, 2) and problem in result.output


def test_a_wrong_file_is_named_with_its_line(run: Run, file: Path) -> None:
    file.write_text('[grid]\n"FRA" = "uniform(1, 2)"\n', encoding="utf-8")
    result = run("cost", "--samples", 20, "--uncertainty", file)
    assert result.exit_code == 2 and "[grid] 'FRA': there is no such name" in result.output
    file.write_text('[gird]\n"FRA" = "uniform(1, 2)"\n', encoding="utf-8")
    result = run("cost", "--samples", 20, "--uncertainty", file)
    assert (
        result.exit_code == 1 and "did you mean 'grid'" in result.output and "uncertain.toml" in result.output
    )
