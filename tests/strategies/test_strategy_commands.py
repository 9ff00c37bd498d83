"""The commands compare, policies and recommend: every answer keeps its schema and says its mode; mistakes are told."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from command_lines import checked, document
from lineage.cli import main
from lineage.run import Run
from lineage.strategies import Plan
from lineage.strategies.documents import document_of_families

PLAN = """
name = "Assistants"
impact = "energy"
tasks = 20
inferences = 1_000_000
[base]
epc = { product = "model:bloom-7b1" }
parameters = 7.07e9
[reuse]
adaptation = { product = "model:bloomz-7b" }
inference = "uniform(0.8e-4 kWh, 1.2e-4 kWh)"
[scratch]
training = "pert(9 MWh, 10.505 MWh, 14 MWh)"
inference = "5.4e-5 kWh"
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(
        main, [str(item) for item in (*arguments, "--store", "demo:")], prog_name="lineage"
    )


def printed(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    return result.stderr


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_a_plan(plan: Path) -> None:
    text = printed("compare", plan)
    assert text.startswith("Assistants: 20 tasks, 1,000,000 inferences each, in kWh; mode: attributional\n")
    for said in (
        "592,570,000",
        "Cheaper (attributional): reuse, if what is unknown is below 6,074 kWh; consequential: reuse",
        "k*, tasks from which reuse is cheaper: at least 18 (17.8968144 by what is known)",
        "n*, inferences per task from which reuse is cheaper: at least 1, up to at most 7,602,173",
        "P(reuse cheaper) is not drawn: something unknown has part in the total of reuse",
        "≥: something unknown has part in it",
        "scratch.inference (now 54 mWh): no flip; reuse is cheaper at every value",
    ):
        assert said in text
    sunk = printed("compare", plan, "--mode", "consequential")
    assert "mode: consequential" in sunk and "its cost is sunk and counts for nothing here" in sunk
    assert "P(reuse cheaper) = 100 %" in sunk and "k* over the samples" not in sunk
    made = document(run("compare", plan, "--format", "json", "--samples", "40"))
    assert made["mode"] == "attributional" and made["comparison"]["samples"] == 40
    assert made["other_mode"] == {"mode": "consequential", "cheaper": "reuse"}
    assert printed("compare", plan, "--format", "csv").splitlines()[0] == (
        "mode,strategy,phase,cost_kwh_lo,cost_kwh,cost_kwh_hi"
    )


def test_plans_that_never_pay_and_unknown_ones(plan: Path) -> None:
    text = PLAN.replace("pert(9 MWh, 10.505 MWh, 14 MWh)", "1 kWh").replace("tasks = 20", "tasks = 2")
    plan.write_text(text.replace("parameters = 7.07e9", 'share = "equal"'), encoding="utf-8")
    told = printed("compare", plan)
    assert (
        "never, because a task with reuse costs more than from scratch, even with the base for free" in told
    )
    assert "shared equally with 1 others (its own use included)" in told
    plan.write_text(PLAN.replace('"pert(9 MWh, 10.505 MWh, 14 MWh)"', '"unknown"'), encoding="utf-8")
    told = printed("compare", plan)
    assert "unknown, as scratch.training is not known" in told and "Cheaper (attributional): unknown" in told


def test_a_base() -> None:
    text = printed("compare", "bloom-7b1", "--impact", "energy", "--samples", 40)
    assert "policy: equal; as of: now; mode: attributional" in text
    assert "Reuse has not begun to pay: together they saved less than the base cost (1 compared)" in text
    assert (
        "scaled: the base's own cost x parameters / the base's parameters" in text
        and "P(reuse cheaper)" in text
    )
    meena = printed("compare", "evolved-transformer", "--scratch-cost", "model:meena-2.6b=144.9 t")
    assert (
        "Reuse began to pay with descendant 1 (model:meena-2.6b); k* of an average descendant: 0.06598"
        in meena
    )
    assert "Cheaper (attributional): reuse, by 45.3 t" in meena
    alone = printed("compare", "bert-base", "--impact", "energy")
    assert "Cheaper trained from scratch: model:distilbert" in alone
    made = document(run("compare", "bert-base", "--mode", "consequential", "--format", "json"))
    assert made["mode"] == "consequential" and made["families"][0]["charged"] == {"lo": 0, "best": 0, "hi": 0}
    unscaled = document(run("compare", "bert-base", "--no-scale", "--format", "json"))
    assert unscaled["families"][0]["scratch_methods"] == {"unknown": 1}


def test_a_base_with_an_uncertainty_file(tmp_path: Path) -> None:
    path = tmp_path / "uncertainty.toml"
    path.write_text('[own]\n"*" = "lognormal(100%, 2)"\n', encoding="utf-8")
    options = ("compare", "bert-base", "--impact", "energy", "--samples", 100, "--mode", "consequential")
    plain, unsure = (
        document(run(*options, *more, "--format", "json"))["families"][0]["chances"]
        for more in ((), ("--uncertainty", path))
    )
    assert plain["less"] == 1.0 and 0.8 < unsure["less"] < 1.0  # 168 x against 904 y kWh


def test_the_examples_of_the_docs(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "compare.md").read_text(encoding="utf-8")
    written = page.partition("```toml\n")[2].partition("```")[0]
    path = tmp_path / "plan.toml"
    path.write_text(written, encoding="utf-8")
    assert "unknown, as scratch.data is not known" in printed("compare", path)
    kept = [line for line in written.splitlines() if not line.startswith(("data", "retraining"))]
    path.write_text("\n".join(kept), encoding="utf-8")
    blocks = page.split("```")
    shown = {
        ("compare", path): next(block for block in blocks if block.startswith("\nphase")),
        ("compare", "evolved-transformer", "--scratch-cost", "model:meena-2.6b=144.9 t"): next(
            block.partition("\n$")[2].partition("\n")[2]
            for block in blocks
            if "model:meena-2.6b=144.9 t" in block
        ),
    }
    for command, block in shown.items():
        told = printed(*command)
        assert [line for line in block.strip().splitlines() if line not in told] == []


def test_the_biggest_families() -> None:
    text = printed("compare", "--top-families", 3, "--impact", "energy")
    assert text.splitlines()[0].endswith("mode: attributional") and "Not paid in 3" in text
    made = document(run("compare", "--top-families", 2, "--format", "json", "--mode", "consequential"))
    assert [item["product"] for item in made["families"]] == ["model:bert-base", "model:bloom-560m"]
    assert printed("compare", "--top-families", 2, "--format", "csv").count("\n") == 3
    assert checked(document_of_families([], "attributional", Run()))["families"] == []


@pytest.mark.samples
def test_scores(samples: Path) -> None:
    folder = samples / "mteb_results"
    text = printed("compare", "--scores", folder)
    assert text.startswith("Quality and carbon: 34 metrics; higher is better") and "GritLM/GritLM-7B" in text
    both = printed("compare", "--scores", folder, "--metric", "Bornholm", "--metric", "Phinc")
    assert "BornholmBitextMining test default main_score; Phinc" in both
    made = document(run("compare", "--scores", folder, "--metric", "Bornholm", "--format", "json"))
    assert len(made["quality"]["groups"][0]["rows"]) == 66 and made["mode"] is None
    assert printed("compare", "--scores", folder, "--metric", "Bornholm", "--format", "csv").count("\n") == 67


def test_policies() -> None:
    text = printed("policies", "bloomz-7b", "--impact", "energy")
    assert "cutoff: What did its makers cause themselves, if reuse were free?" in text
    assert "model:bloomz-7b: burden from 7,571 kWh (cutoff) to 33.41 MWh" in text
    made = document(run("policies", "bloomz-7b", "bloom-7b1", "--format", "json"))
    assert len(made["products"]) == 2 and len(made["policies"]) == 9
    assert "no burden is known under any policy" in printed("policies", "roberta")
    assert printed("policies", "bloomz-7b", "bloom-7b1").splitlines()[1].startswith("product")


def test_recommendations(plan: Path) -> None:
    text = printed("recommend", "base", "--task", plan, "--candidate", "model:bloom*")
    # every BLOOM has unknown data, so each is a lower bound, listed in order of it and without a rank
    assert "No base is known whole: lower bounds are listed, in order of them and without a rank." in text
    assert "Cheapest" not in text and text.splitlines()[2].startswith("-     model:bloomz-560m ")
    assert text.splitlines()[2].rstrip().endswith("≥ 17.95 MWh")
    whole = printed("recommend", "base", "--task", plan)
    assert "Cheapest: model:transformer-base: base + adaptation + inference + re-training = 27 + " in whole
    assert "Without a rank (-): 20 candidates with unknown parts; their totals are lower bounds." in whole
    assert "mode: attributional" in text and "From scratch, as in the plan: 211.2 MWh" in text
    made = document(run("recommend", "base", "--task", plan, "--mode", "consequential", "--format", "json"))
    assert made["mode"] == "consequential" and made["bases"][0]["rank"] == 1
    assert "... and " in printed("recommend", "base", "--task", plan, "--top", 2)
    told = printed("recommend", "measure", "bloomz-7b", "--impact", "energy")
    assert told.splitlines()[2].startswith("1     own cost of a product dataset:xp3") and "no bound" in told
    assert "2 inputs unknown: the EPC has no upper bound before they are known." in told
    made = document(run("recommend", "measure", "bloomz-7b", "--format", "json"))
    assert made["measure"]["product"] == "model:bloomz-7b"


def test_recommendations_without_anything_to_say(plan: Path) -> None:
    assert "No candidate has a known cost." in printed(
        "recommend", "base", "--task", plan, "--candidate", "llama-2"
    )
    told = printed("recommend", "base", "--task", plan, "--candidate", "olmo-7b-lumi")
    assert "No base is known whole" in told and "Cheapest: " not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare"], "nothing to compare: give one of PLAN.toml, BASE, --top-families N, --scores FOLDER"),
        (["compare", "bert-base", "--top-families", "3"], "more than one thing to compare"),
        (["compare", "bert-base", "--metric", "x"], "--metric goes with --scores FOLDER"),
        (["compare", "p.toml", "--scratch-cost", "1 t"], "--scratch-cost is for a base in the store"),
        (["compare", "--top-families", "3", "--samples", "40"], "--samples is for a plan or one base"),
        (["compare", "bert-base", "--uncertainty", "u.toml"], "--uncertainty is for one base, with --samples N"),
        (["compare", "bert-base", "--mode", "sunk"], "'sunk' is not one of"),
        (["compare", "bert-bse"], "no product 'bert-bse'; did you mean"),
        (["compare", "none.toml"], "none.toml"),
        (["policies", "bert-bse"], "did you mean"),
        (["recommend", "base"], "recommend base takes a plan, and no product"),
        (["recommend", "base", "--task", "p.toml", "--uncertainty", "u.toml"], "--uncertainty goes with"),
        (["recommend", "measure"], "recommend measure takes a product and no plan"),
        (["recommend", "mesure", "x"], "did you mean 'measure'"),
    ],
)  # fmt: skip
def test_mistakes_are_told(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code in (1, 2), result.output
    assert said in result.stderr


def test_a_mistake_in_a_plan_has_its_place(plan: Path) -> None:
    plan.write_text(PLAN.replace("tasks = 20", 'horizon = "-1 year"'), encoding="utf-8")
    assert f"{plan}, horizon: '-1 year' must be above 0" in refused("compare", plan)
    with pytest.raises(ValueError, match="horizon"):
        Plan.from_file(plan)
