"""What the CodeCarbon importer reads, joins, guesses and leaves out."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lineage.claims import Claims, Source
from lineage.findings import count_by_code
from lineage.importing import head_of, importers, read_claims
from lineage_importers import codecarbon
from lineage_importers._codecarbon_runs import phase_in

DATA = Path(__file__).parents[1] / "data" / "codecarbon"
HEADER = "timestamp,project_name,run_id,duration,emissions,energy_consumed,cpu_power,cpu_energy,pue"


def read_rows(tmp_path: Path, *rows: str, name: str = "emissions.csv", header: str = HEADER) -> Claims:
    path = tmp_path / name
    path.write_text("\n".join((header, *rows)) + "\n")
    return codecarbon.read(path, Source(address=str(path), format="codecarbon"))


def jobs(claims: Claims) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = claims.tables["jobs"].to_pylist()
    return rows


def said(claims: Claims, code: str) -> list[str]:
    return [item.text for item in claims.findings if item.code == code]


def test_runs_become_jobs() -> None:
    claims = read_claims(DATA / "emissions_training.csv")
    found = {row["id"]: row for row in jobs(claims)}
    run = {key: value for key, value in found["codecarbon:run-a"].items() if value is not None}
    assert run.pop("grid_intensity_gco2e_per_kwh") == pytest.approx(100.0)
    assert run.pop("duration_h") == pytest.approx(600 / 3600)
    assert run == {
        "id": "codecarbon:run-a",
        "product": "model:acme/tiny-chat",
        "phase": "training",
        "energy_kwh": 0.2,
        "pue": 1.2,
        "pue_included": True,
        "started_at": "2024-05-31T10:05:00Z",
        "tier": "measured",
        "place": "line 3",
        "source": 0,
        "codecarbon_version": "2.7.1",
        "country_iso_code": "FRA",
        "country_name": "France",
        "cpu_count": 8.0,
        "cpu_model": "Some CPU",
        "experiment_id": "e1",
        "gpu_count": 2.0,
        "gpu_model": "2 x Tesla T4",
        "region": "île-de-france",
        "tracking_mode": "machine",
    }
    assert found["codecarbon:run-b"]["product"] == "dataset:acme/tiny-talk"
    assert found["codecarbon:run-b"]["tier"] == "from-device-hours", "no counter is evident"
    assert len(found) == 3
    (interrupted,) = [row for row in jobs(claims) if row["energy_kwh"] is None]
    assert interrupted["grid_intensity_gco2e_per_kwh"] is None
    assert count_by_code(claims.findings) == {
        "estimated-power": 2,
        "guessed-phase": 2,
        "interrupted-run": 1,
        "repeated-record": 1,
    }
    assert claims.tables["products"].column("id").to_pylist() == [
        "model:acme/tiny-chat",
        "dataset:acme/tiny-talk",
    ]


def test_runs_of_one_id_with_other_tasks_are_separate() -> None:
    claims = read_claims(DATA / "single_runs_inference.csv")
    assert [row["id"] for row in jobs(claims)] == ["codecarbon:run-c", "codecarbon:run-c#2"]
    assert {row["phase"] for row in jobs(claims)} == {"inference"}
    assert {row["pue_included"] for row in jobs(claims)} == {None}  # versions without a PUE apply none
    assert said(claims, "repeated-record") == [
        "run id run-c stands in line 2 too; counted as a run of its own"
    ]


@pytest.mark.parametrize(
    ("rows", "energies"),
    [
        # the same start, nothing falls: sums of one run
        (("2024-01-01T10:01:00,m,r,60,1,2,,,", "2024-01-01T10:02:00,m,r,120,2,4,,,"), [4.0]),
        # sums that rise by chance: the second began when the first had ended
        (("2024-01-01T10:01:00,m,r,60,1,2,,,", "2024-01-01T10:03:00,m,r,90,2,4,,,"), [2.0, 4.0]),
        # the energy falls
        (("2024-01-01T10:01:00,m,r,60,1,2,,,", "2024-01-01T10:02:00,m,r,120,2,1,,,"), [2.0, 1.0]),
        # no dates: nothing but the sums to go by
        ((",m,r,60,1,2,,,", ",m,r,120,2,4,,,"), [4.0]),
        # no id: the same start is needed
        (("2024-01-01T10:01:00,m,,60,1,2,,,", "2024-01-01T10:02:00,m,,120,2,4,,,"), [4.0]),
        ((",m,,60,1,2,,,", ",m,,120,2,4,,,"), [2.0, 4.0]),
        # the run broke off after its last sums
        (("2024-01-01T10:01:00,m,r,60,1,2,,,", "2024-01-01T10:02:00,m,r,120,,,,,"), [2.0]),
        (("2024-01-01T10:01:00,m,r,60,,,,,",), [None]),
        # the same id for another product
        (("2024-01-01T10:01:00,m,r,60,1,2,,,", "2024-01-01T10:02:00,n,r,120,2,4,,,"), [2.0, 4.0]),
    ],
)
def test_which_rows_are_one_run(tmp_path: Path, rows: tuple[str, ...], energies: list[float | None]) -> None:
    claims = read_rows(tmp_path, *rows)
    assert [row["energy_kwh"] for row in jobs(claims)] == energies
    accounted = count_by_code(claims.findings)
    left_out = len(rows) - len(energies)
    assert accounted.get("repeated-record", 0) + accounted.get("interrupted-run", 0) >= left_out
    assert len({row["id"] for row in jobs(claims)}) == len(energies)


CONSTANT = "CPU at a constant {} W, memory by its size: up to {} of the energy; 1 run"
UNKNOWN = "no counter is evident for the CPU, memory by its size: up to {} of the energy; 1 run"


@pytest.mark.parametrize(
    ("power", "cpu", "gpu", "model", "tier", "finding"),
    [
        ("42.5", "1.9", "0", "Xeon", "from-device-hours", CONSTANT.format(42.5, "100%")),
        ("42.5", "0.2", "1.5", "Xeon", "measured", CONSTANT.format(42.5, "25%")),
        ("75", "", "", "Xeon", "from-device-hours", CONSTANT.format(75, "100%")),
        # rated power x load, as newer versions take it where no counter can be read
        ("31.7", "1.9", "0", "Xeon", "from-device-hours", UNKNOWN.format("100%")),
        ("31.7", "0.9", "0.9", "Xeon", "from-device-hours", UNKNOWN.format("55%")),
        ("31.7", "0.5", "1.1", "Xeon", "measured", UNKNOWN.format("45%")),
        ("", "", "", "", "from-device-hours", UNKNOWN.format("100%")),
        # powermetrics gives both, and nothing at all where it may not be read
        ("4.1", "1.5", "0.1", "Apple M1", "measured", UNKNOWN.format("20%")),
        ("4.1", "1.5", "0", "Apple M1", "from-device-hours", UNKNOWN.format("100%")),
    ],
)
def test_measured_is_what_a_counter_evidently_gave(  # noqa: PLR0913 - one argument per column
    tmp_path: Path, power: str, cpu: str, gpu: str, model: str, tier: str, finding: str
) -> None:
    row = f"2024-01-01T10:01:00,m,r,60,1,2,{power},{cpu},,{gpu},{model}"
    claims = read_rows(tmp_path, row, header=f"{HEADER},gpu_energy,cpu_model")
    assert [row["tier"] for row in jobs(claims)] == [tier]
    assert said(claims, "estimated-power") == [finding]


def test_all_energy_of_counters_is_no_finding(tmp_path: Path) -> None:
    claims = read_rows(tmp_path, "2024-01-01T10:01:00,m,r,60,1,2,,,,2", header=f"{HEADER},gpu_energy")
    assert (jobs(claims)[0]["tier"], said(claims, "estimated-power")) == ("measured", [])


@pytest.mark.parametrize(
    ("name", "phase"),
    [
        ("emissions_base", None),
        ("taed2_yolos_emissions_evaluation", "testing"),
        ("taed2_yolos_emissions_inference_api", "inference"),
        ("my-fine-tuning", "fine-tuning"),
        ("train_and_evaluate", None),
        ("constraint", None),
        ("preprocess", "data"),
        ("co2_inference", "inference"),
    ],
)
def test_phases_in_names(name: str, phase: str | None) -> None:
    assert phase_in(name) == phase


@pytest.mark.parametrize(
    ("path", "task", "project", "found"),
    [
        ("x_inference/emissions_training.csv", "query model", "m", "inference, from task_name 'query model'"),
        ("x_inference/emissions_training.csv", "", "m", "training, from the file name"),
        ("x_inference/emissions.csv", "load model", "m", "inference, from the folder 'x_inference'"),
        ("x/emissions.csv", "", "yolo-evaluation", "testing, from the project name"),
        ("x/emissions.csv", "", "distilbert-finetuned", "training, no name gives a hint"),
    ],
)
def test_where_the_phase_comes_from(tmp_path: Path, path: str, task: str, project: str, found: str) -> None:
    folder, _, name = path.partition("/")
    (tmp_path / folder).mkdir()
    row = f"2024-01-01T10:01:00,{project},r,60,1,2,,,,{task}"
    claims = read_rows(tmp_path / folder, row, name=name, header=f"{HEADER},task_name")
    (text,) = said(claims, "guessed-phase")
    assert text.startswith(found)
    assert [item["phase"] for item in jobs(claims)] == [found.partition(",")[0]]


def test_an_intensity_beyond_any_grid_is_suspect(tmp_path: Path) -> None:
    claims = read_rows(tmp_path, "2024-01-01T10:01:00,m,r,60,400,2,,,")  # grams in a column of kg
    assert jobs(claims)[0]["grid_intensity_gco2e_per_kwh"] == 200_000.0
    assert len(said(claims, "unit-suspect")) == 1


def test_zero_energy_has_no_intensity(tmp_path: Path) -> None:
    claims = read_rows(tmp_path, "2024-01-01T10:01:00,m,r,60,0,0,,,")
    row = jobs(claims)[0]
    assert (row["energy_kwh"], row["grid_intensity_gco2e_per_kwh"]) == (0.0, None)


def test_times_before_the_calendar_give_no_start(tmp_path: Path) -> None:
    claims = read_rows(tmp_path, "0001-01-01T00:00:00,m,r,60,1,2,,,", "2024-01-01T10:01:00,m,s,1e300,1,2,,,")
    assert [row["started_at"] for row in jobs(claims)] == [None, None]


def test_the_default_project_name_is_a_finding(tmp_path: Path) -> None:
    claims = read_rows(tmp_path, "2024-01-01T10:01:00,codecarbon,r,60,1,2,,,")
    assert len(said(claims, "ambiguous-identity")) == 1


def test_blanks_around_a_project_name_are_a_finding(tmp_path: Path) -> None:
    claims = read_rows(tmp_path, "2024-01-01T10:01:00, m ,r,60,1,2,,,")
    assert jobs(claims)[0]["product"] == "model:m"
    assert said(claims, "repaired-value") == ["project name ' m ' read without its blanks"]


# -- real files --------------------------------------------------------------------------------------------


@pytest.mark.samples
def test_the_inference_study(samples: Path) -> None:
    claims = read_claims(samples / "codecarbon" / "co2_inference")
    table = claims.tables["jobs"]
    assert table.num_rows == 2210
    assert set(table.column("phase").to_pylist()) == {"inference"}
    assert len(set(table.column("product").to_pylist())) == 91
    assert "model:bert-base-uncased" in table.column("product").to_pylist()  # ids without an owner stay
    skipped = [Path(item.subject).name for item in claims.findings if item.code == "skipped-file"]
    assert skipped == ["model_parameters.csv", "performance.csv"]


@pytest.mark.samples
def test_single_runs_are_never_joined(samples: Path) -> None:
    folder = samples / "codecarbon" / "co2_inference_single_runs"
    rows = sum(len(path.read_text().splitlines()) - 1 for path in folder.glob("*.csv"))
    assert read_claims(folder).tables["jobs"].num_rows == rows


@pytest.mark.samples
def test_the_examples_with_an_interrupted_run(samples: Path) -> None:
    claims = read_claims(samples / "codecarbon" / "codecarbon_examples_emissions.csv")
    counts = count_by_code(claims.findings)
    # 28 rows: 8 hold sums that a later row holds too, 2 broke off without energy, the others are runs
    assert (counts["repeated-record"], len(jobs(claims))) == (8, 28 - 8 - 2)
    assert len(said(claims, "interrupted-run")) == 4
    last = next(row for row in jobs(claims) if row["id"] == "codecarbon:8a1d9822-56c9-4c52-8497-5a2e32dd5b03")
    assert (last["place"], last["energy_kwh"]) == ("line 13", pytest.approx(6.4e-5, rel=0.01))
    assert last["region"] == "île-de-france"


@pytest.mark.samples
def test_four_phases_of_one_project(samples: Path) -> None:
    phases: Counter[str] = Counter()
    for path in sorted((samples / "codecarbon").glob("taed2_yolos_emissions_*.csv")):
        (row,) = jobs(read_claims(path))
        phases[row["phase"]] += 1
        if row["phase"] == "training":
            assert row["energy_kwh"] == pytest.approx(0.547, abs=5e-4)
            carbon_kg = row["energy_kwh"] * row["grid_intensity_gco2e_per_kwh"] / 1000
            assert carbon_kg == pytest.approx(0.156, abs=5e-4)
    assert phases == {"training": 1, "inference": 2, "testing": 1}


@pytest.mark.samples
def test_no_other_table_is_claimed(samples: Path) -> None:
    importer = importers()["codecarbon"]
    claimed = [path for path in samples.rglob("*.csv") if importer.recognises(path, head_of(path))]
    assert {path.relative_to(samples).parts[0] for path in claimed} == {"codecarbon"}
    assert len(claimed) == 75
