"""From the rows of an `emissions.csv` to jobs: which rows are one run, what it was for, what was measured."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from lineage.claims import ClaimsBuilder
from lineage_importers._codecarbon_rows import Row

__all__ = ["add_jobs", "phase_in", "runs"]

SAME_START_S: Final = 3.0  # how far the computed starts of one run lie apart, in the samples: 1 s
DEFAULT_PROJECT: Final = "model:codecarbon"
MOST_GCO2E_PER_KWH: Final = 1500.0  # the dirtiest grids are below 1,100

_WORDS: Final = {
    "data": "data preprocessing preprocess",
    "testing": "evaluation evaluate eval test testing benchmark validation",
    "training": "training train pretraining pretrain",
    "fine-tuning": "finetuning finetune",
    "distillation": "distillation",
    "retraining": "retraining retrain",
    "inference": "inference infer query serving serve prediction predict",
}
_PHASE_OF: Final = {word: phase for phase, words in _WORDS.items() for word in words.split()}
_SURE: Final = ("training", "inference", "evaluation")


def phase_in(text: str) -> str | None:
    """Return the phase that the words of a name tell, or None if they tell none or several.

    >>> phase_in("taed2_yolos_emissions_inference_api"), phase_in("train-and-test"), phase_in("fine-tuning")
    ('inference', None, 'fine-tuning')
    """
    words = re.split(r"[^a-z]+", text.lower().replace("fine-tun", "finetun").replace("fine_tun", "finetun"))
    found = {_PHASE_OF[word] for word in words if word in _PHASE_OF}
    return found.pop() if len(found) == 1 else None


def _phase(row: Row, path: Path) -> tuple[str, str]:
    """Return a row's phase and where it was found."""
    for key in ("task_name", "experiment_name"):
        if phase := phase_in(str(row.attributes.get(key, ""))):
            return phase, f"from {key} {row.attributes[key]!r}"
    if phase := phase_in(path.name.partition(".")[0]):
        return phase, f"from the file name {path.name!r}"
    if phase := phase_in(path.parent.name):
        return phase, f"from the folder {path.parent.name!r}"
    last = re.split(r"[^a-z]+", row.product.lower())[-1]
    if last in _SURE:
        return _PHASE_OF[last], f"from the project name {row.product!r}"
    return "training", "no name gives a hint, so it counts as training"


def add_jobs(build: ClaimsBuilder, rows: list[Row], path: Path) -> None:
    """Add a product for each project, a job for each run, and findings for what was repaired or guessed."""
    for product, first in _first_rows(rows).items():
        build.product(product, place=first.place)
        if first.project_name != first.project_name.strip():
            text = f"project name {first.project_name!r} read without its blanks"
            build.finding("repaired-value", product, text, place=first.place)
        if product == DEFAULT_PROJECT:
            text = "the project has CodeCarbon's default name; runs of different models may share it"
            build.finding("ambiguous-identity", product, text, place=first.place)
    used: dict[str, int] = {}
    jobs = [(row, _job_id(build, row, used), *_phase(row, path)) for row in runs(build, rows)]
    for row, job, phase, _ in jobs:
        _add_job(build, row, job, phase)
    _note_phases(build, jobs)
    _note_estimates(build, [row for row, _, _, _ in jobs])


def _first_rows(rows: Iterable[Row]) -> dict[str, Row]:
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.product, row)
    return first


# -- which rows are one run --------------------------------------------------------------------------------


def runs(build: ClaimsBuilder, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield one row for each run, in the order of the file.

    A tracker that is flushed writes the sums so far again and again under one run id: same start, and nothing
    falls. Of those the last with an energy counts. Rows of one id that began at other times are runs of their
    own, although their sums may rise by chance.
    """
    chains: list[list[Row]] = []
    open_chains: dict[tuple[str, str, object], list[Row]] = {}
    first_line: dict[str, int] = {}
    for row in rows:
        key = (row.run_id, row.product, row.attributes.get("task_name"))
        chain = open_chains.get(key)
        if chain is not None and _goes_on(chain[-1], row):
            chain.append(row)
            continue
        if row.run_id in first_line:
            line = first_line[row.run_id]
            text = f"run id {row.run_id} stands in line {line} too; counted as a run of its own"
            build.finding("repeated-record", row.product, text, place=row.place)
        elif row.run_id:
            first_line[row.run_id] = row.line
        chains.append([row])
        open_chains[key] = chains[-1]
    for chain in chains:
        yield _counted(build, chain)


def _goes_on(before: Row, row: Row) -> bool:
    """Say whether a row continues the run of the row before."""
    for old, new in (
        (before.duration_s, row.duration_s),
        (before.energy_kwh, row.energy_kwh),
        (before.carbon_kgco2e, row.carbon_kgco2e),
    ):
        if old is not None and new is not None and new < old:
            return False
    if before.started_at is None or row.started_at is None:
        return bool(row.run_id)
    return abs((row.started_at - before.started_at).total_seconds()) <= SAME_START_S


def _counted(build: ClaimsBuilder, chain: list[Row]) -> Row:
    """Return the row that stands for a run, with findings for the others and for what is missing."""
    measured = [row for row in chain if row.energy_kwh is not None]
    counted = (measured or chain)[-1]
    for row in chain:
        if row.energy_kwh is None:
            text = "no energy: the run was interrupted, and this row counts nothing"
            build.finding("interrupted-run", row.product, text, place=row.place)
        elif row is not counted:
            text = f"the same run goes on in line {counted.line}, which holds this row's sums; counted once"
            build.finding("repeated-record", row.product, text, place=row.place)
        elif row.carbon_kgco2e is None:
            text = "no emissions: the run was interrupted; its energy counts"
            build.finding("interrupted-run", row.product, text, place=row.place)
        elif not row.run_id:
            build.finding(
                "interrupted-run", row.product, "no run id: the run did not end properly", place=row.place
            )
    return counted


# -- jobs --------------------------------------------------------------------------------------------------


def _job_id(build: ClaimsBuilder, row: Row, used: dict[str, int]) -> str:
    name = row.run_id or f"{build.source.sha256[:12] or 'file'}:{row.line}"
    used[name] = used.get(name, 0) + 1
    return f"codecarbon:{name}" if used[name] == 1 else f"codecarbon:{name}#{used[name]}"


def _add_job(build: ClaimsBuilder, row: Row, job: str, phase: str) -> None:
    started = row.started_at
    intensity = row.intensity_gco2e_per_kwh
    if intensity is not None and intensity > MOST_GCO2E_PER_KWH:
        text = f"emissions / energy is {intensity:,.0f} gCO2e/kWh, more than any grid; a unit is wrong"
        build.finding("unit-suspect", job, text, place=row.place)
    build.job(
        job,
        row.product,
        phase,
        place=row.place,
        energy_kwh=row.energy_kwh,
        duration_h=None if row.duration_s is None else row.duration_s / 3600.0,
        grid_intensity_gco2e_per_kwh=intensity,
        pue=row.pue,
        pue_included=None if row.pue is None else True,
        started_at=None if started is None else started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        tier="from-device-hours" if row.estimated_share > 0.5 else "measured",
        **row.attributes,
    )


def _note_phases(build: ClaimsBuilder, jobs: list[tuple[Row, str, str, str]]) -> None:
    """Write one finding for each product, phase and reason."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row, _, phase, why in jobs:
        groups.setdefault((row.product, phase, why), []).append(row)
    for (product, phase, why), rows in groups.items():
        build.finding("guessed-phase", product, f"{phase}, {why}; {_counting(rows)}", place=rows[0].place)


def _note_estimates(build: ClaimsBuilder, rows: list[Row]) -> None:
    """Write one finding for each product and power of its CPU: a constant of CodeCarbon, or any other."""
    groups: dict[tuple[str, float | None], list[Row]] = {}
    for row in rows:
        if row.energy_kwh is not None and row.estimated_share > 0:
            constant_w = row.cpu_power_w if row.has_fallback_power else None
            groups.setdefault((row.product, constant_w), []).append(row)
    for (product, constant_w), members in groups.items():
        most = max(row.estimated_share for row in members)
        known = (
            "no counter is evident for the CPU"
            if constant_w is None
            else f"CPU at a constant {constant_w:g} W"
        )
        text = f"{known}, memory by its size: up to {most:.0%} of the energy; {_counting(members)}"
        build.finding("estimated-power", product, text, place=members[0].place)


def _counting(rows: list[Row]) -> str:
    return f"{len(rows)} run{'s' if len(rows) > 1 else ''}"
