"""The real Hub graph through the command line: no cost is null, and every invented gram is carried once."""

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from lineage.cli import main
from lineage.stores import connect


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.mark.slow
def test_hub_without_and_with_costs(samples: Path, tmp_path: Path) -> None:
    hub = samples / "hf_hub_2024" / "lineage_families.jsonl.gz"
    store = str(tmp_path / "hub.store")
    run("load", str(hub), "--store", store)
    document = json.loads(
        run("cost", "--store", store, "--cycles", "break", "--top", "20", "--format", "json")
    )
    assert document["conservation"]["sum_own"] is None and document["conservation"]["sum_burden"] is None
    assert set(document["coverage"]["products"]) == {"unknown"} and document["coverage"]["cost"] == {}
    assert document["products"] == []

    with connect(store) as opened:
        ids = opened.read().ids
    assert len(ids) > 66_000
    seeded = random.Random(7)
    overlay = tmp_path / "products.csv"
    lines = [
        f'"{name.replace(chr(34), chr(34) * 2)}",{seeded.lognormvariate(0, 2):.17g} kgCO2e' for name in ids
    ]
    overlay.write_text("id,own_carbon\n" + "\n".join(lines) + "\n", encoding="utf-8")
    run("load", str(overlay), "--store", store)
    for policy in ("equal", "half", "cutoff"):
        told = run(
            "cost",
            "--store",
            store,
            "--cycles",
            "break",
            "--policy",
            policy,
            "--top",
            "3",
            "--format",
            "json",
        )
        document = json.loads(told)
        assert document["run"]["engine"] in ("scipy", "numba")  # numba where another test has imported it
        assert document["coverage"]["products"] == {"reported": len(ids), "unknown": 0}
        assert document["conservation"]["applies"] and document["conservation"]["relative_error"] < 1e-9
        assert len(document["products"]) == 3
        assert len(document["dropped"]) == 5
