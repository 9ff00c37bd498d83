"""The template tables of `lineage init`: every column once, example rows that load as they are."""

import csv
import io
from collections.abc import Mapping
from textwrap import fill
from typing import Final

__all__ = ["COLUMNS", "guide", "template_files"]

Row = Mapping[str, str]

# Columns in the order in which people fill them in. `comment` is an attribute: any further column is kept as one.
COLUMNS: Final[dict[str, str]] = {
    "products": (
        "id name created_at deployed lifetime inferences parameters tokens downloads quality license operations_rate "
        "own_carbon own_carbon_lo own_carbon_hi own_carbon_market own_energy own_water tier source comment"
    ),
    "edges": "product parent relation w merge_weight tokens_sampled created_at source comment",
    "jobs": (
        "id product phase energy overhead duration system device_count power utilisation share size pue pue_included "
        "grid grid_intensity grid_market grid_intensity_market mix platform concurrent_jobs interval_start "
        "interval_end inferences quality quality_metric quality_direction started_at source comment"
    ),
    "systems": "id power embodied_carbon lifetime comment",
    "grids": "id intensity region year basis comment",
}

_ROWS: Final[dict[str, list[Row]]] = {
    "products": [
        {
            "id": "dataset:example-corpus",
            "own_carbon": "12 kg",
            "tier": "reported",
            "source": "https://example.org/corpus-report",
            "comment": "a total that somebody published",
        },
        {
            "id": "model:example-base",
            "created_at": "2025-03-01",
            "parameters": "7e9",
            "comment": "no total here: its cost is computed from its jobs",
        },
        {
            "id": "model:example-tuned",
            "created_at": "2025-06-01",
            "deployed": "yes",
            "lifetime": "2 years",
            "inferences": "50000000",
            "comment": "deployed: it is used itself; inferences in its lifetime",
        },
        {
            "id": "platform:example-cluster",
            "deployed": "yes",
            "lifetime": "5 years",
            "operations_rate": "50 g/min",
            "own_carbon": "30 t",
            "comment": "what it cost before release, and what running it costs",
        },
    ],
    "edges": [
        {
            "product": "model:example-base",
            "parent": "dataset:example-corpus",
            "tokens_sampled": "1e12",
            "comment": "the product was made out of the parent",
        },
        {
            "product": "model:example-tuned",
            "parent": "model:example-base",
            "relation": "fine-tune",
            "comment": "w is empty: the policy decides the share",
        },
    ],
    "jobs": [
        {
            "id": "example-pretraining",
            "product": "model:example-base",
            "phase": "training",
            "energy": "7.4 MWh",
            "duration": "30 days",
            "system": "example-gpu",
            "device_count": "64",
            "utilisation": "0.4",
            "pue": "1.1",
            "grid": "example-grid",
            "started_at": "2025-01-15",
            "comment": "measured energy wins over power x time",
        },
        {
            "id": "example-tuning",
            "product": "model:example-tuned",
            "phase": "fine-tuning",
            "duration": "3.5 days",
            "system": "example-gpu",
            "device_count": "8",
            "utilisation": "0.8",
            "pue": "1.1",
            "grid_intensity": "350",
            "platform": "platform:example-cluster",
            "concurrent_jobs": "10",
            "started_at": "2025-05-20",
            "comment": "energy = devices x power x utilisation x duration",
        },
    ],
    "systems": [
        {
            "id": "example-gpu",
            "power": "400 W",
            "embodied_carbon": "150 kg",
            "lifetime": "5 years",
            "comment": "per device",
        }
    ],
    "grids": [
        {
            "id": "example-grid",
            "intensity": "400",
            "region": "somewhere",
            "year": "2024",
            "basis": "location",
            "comment": "a bare number is gCO2e/kWh",
        }
    ],
}

_GUIDE: Final = """\
How to fill in the tables of {folder}
{line}
Replace the example rows; delete the tables and the columns that you do not need. Then:

    lineage load {folder}
    lineage check
    lineage cost

Rules that hold in every table
- An empty cell means "not known". It never means 0; a 0 is a zero.
- Quantities carry a unit in the cell: "7.4 MWh", "12 kg", "3.5 days", "400 W", "50 g/min".
- Ids are KIND:NAME, where KIND is dataset, model or platform.
- Dates are written 2025-06-01, if need be with a time: 2025-06-01T12:00:00Z.
- Columns of your own are kept as attributes; `comment` is one of them.

products.csv   what there is. The own_... columns are what it cost to make it, without what it is made of; leave
               them empty where jobs.csv has the work. tier is one of
{tiers}
edges.csv      what was made out of what. w is the share of the parent that the product carries, from 0 to 1; leave
               it empty to let the policy of `lineage cost` decide. relation is one of
{relations}
jobs.csv       the work: what it made, re-trained or served, and its energy. phase is one of
{phases}
systems.csv    hardware, per device: power, embodied carbon, lifetime.
grids.csv      electricity supplies: gCO2e per kWh. mix in jobs.csv names several: "coal:0.8;solar:0.2".
"""


def template_files() -> dict[str, str]:
    """Return file name -> CSV text of the five tables."""
    return {f"{name}.csv": _csv(COLUMNS[name].split(), _ROWS[name]) for name in COLUMNS}


def guide(folder: str) -> str:
    """Return the text that explains the tables of a folder."""
    from lineage.schema import PHASES, RELATIONS, TIERS

    title = f"How to fill in the tables of {folder}"
    lists = {"tiers": _listed(TIERS), "relations": _listed(RELATIONS), "phases": _listed(PHASES)}
    return _GUIDE.format(folder=folder, line="=" * len(title), **lists)


def _listed(words: tuple[str, ...]) -> str:
    return fill(
        ", ".join(words), 116, initial_indent=" " * 15, subsequent_indent=" " * 15, break_on_hyphens=False
    )


def _csv(columns: list[str], rows: list[Row]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
