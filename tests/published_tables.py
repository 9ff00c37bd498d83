"""The published cases as own tables: a total and a job for each row, as the sources print them."""

import csv
import re
from pathlib import Path
from typing import Any

__all__ = ["published_rows", "write_published"]

# Rows of one run, or of one search: two estimates, and one run on two grids.
SAME = {
    "strubell19-nas": "evolved-transformer",
    "patterson21-et-nas": "evolved-transformer",
    "llama1tab-bloom-176b": "bloom-176b-dynamic",
    "patterson21-gshard-net": "gshard-600b",
    "patterson21-gshard-gross": "gshard-600b",
    "patterson21-switch-net": "switch-transformer",
    "patterson21-switch-gross": "switch-transformer",
}
_ON_THE_MARKET = re.compile(r"^net of|market-based|supply")


def published_rows(path: Path) -> list[dict[str, str]]:
    """Return the collected rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_published(rows: list[dict[str, str]], folder: Path) -> None:
    """Write jobs.csv and products.csv of these rows; what is said again of a product is in products-again.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    first = {_product(row): row for row in reversed(rows)}
    again = [row for row in rows if first[_product(row)] is not row]
    _write(folder / "products.csv", [_total(row) for row in first.values()])
    _write(folder / "products-again.csv", [_total(row) for row in again])
    grids = {row["case_id"]: row["grid_gco2e_per_kwh"] for row in rows}
    jobs = [_job(row, grids) for row in rows if not row["case_id"].endswith("-net")]  # one run, two bases
    _write(folder / "jobs.csv", jobs)


def _product(row: dict[str, str]) -> str:
    return f"model:{SAME.get(row['case_id'], row['case_id'])}"


def _market(row: dict[str, str]) -> str:
    return "_market" if _ON_THE_MARKET.search(row["grid_basis"]) else ""


def _total(row: dict[str, str]) -> dict[str, Any]:
    carbon = f"{row['published_tco2e']} t" if row["published_tco2e"] else ""
    return {
        "id": _product(row),
        "own_energy": f"{row['published_kwh']} kWh" if row["published_kwh"] else "",
        "own_carbon": "" if _market(row) else carbon,
        "own_carbon_market": carbon if _market(row) else "",
        "source": row["source"],
        "case": row["case_id"],
    }


def _job(row: dict[str, str], grids: dict[str, str]) -> dict[str, Any]:
    net = grids.get(row["case_id"].replace("-gross", "-net"), "") if "-gross" in row["case_id"] else ""
    whole = row["power_scope"] == "whole_system"
    energy = "" if row["power_w"] else row["published_kwh"]
    return {
        "id": row["case_id"],
        "product": _product(row),
        "phase": "training",
        "energy": f"{energy} kWh" if energy else "",
        "duration": row["wall_hours"] and f"{row['wall_hours']} h",
        "device_count": "" if whole else row["device_count"],
        "device_hours": row["device_hours"],
        "power": row["power_w"] and f"{row['power_w']} W",
        "pue": row["pue"],
        "pue_included": "yes" if energy and row["pue_in_published_kwh"] == "yes" else "",
        "grid_intensity": "" if _market(row) else row["grid_gco2e_per_kwh"],
        "grid_intensity_market": row["grid_gco2e_per_kwh"] if _market(row) else net,
        "hardware": row["hardware"],
        "source": row["source"],
    }


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
