"""CodeCarbon: the `emissions.csv` that its trackers write, one measured run a row.

Columns are found by name, since every version has others. Duration is in s, emissions in kg, energy in kWh::

    timestamp,project_name,run_id,duration,emissions,energy_consumed,cpu_power,...,pue
    2023-09-08T12:50:09,bert-base-uncased,7b0e...,14.4,0.00055,0.0039,42.5,...,1.0

Each row becomes a job of the product `model:<project_name>` (a name with a kind, "dataset:x", is kept).
`emissions` / `energy_consumed` gives the job's grid intensity; the timestamp is the end of the run; times
without a zone count as UTC. CodeCarbon multiplies the energy by its PUE, so `pue_included` is true wherever
there is a PUE.

What a run was for is not in the file. The phase comes from the task or experiment name, else the file name,
else its folder, else the end of the project name ("yolo-training"); evaluation counts as testing; without any
hint the run counts as training. Each is the finding `guessed-phase`.

The file does not tell a counter of the CPU from its rated power times its load, so that only what a GPU counted (on
Apple's chips the CPU too) is measured: the finding `estimated-power` says how much of the energy is not, and above one
half the tier is `from-device-hours` instead of `measured`.
"""

import csv
import io
from pathlib import Path
from typing import Final

from lineage.claims import Claims, ClaimsBuilder, Source
from lineage.errors import ImportFault
from lineage_importers import _files
from lineage_importers._codecarbon_rows import Row, parsed_row
from lineage_importers._codecarbon_runs import add_jobs

__all__ = ["read", "sniff"]

REQUIRED: Final = ("project_name", "duration", "emissions", "energy_consumed")
TELLING: Final = {"emissions_rate", "codecarbon_version", "country_iso_code", "cpu_power", "run_id"}


def sniff(path: Path, head: bytes) -> bool:
    """Say whether the first line names CodeCarbon's columns."""
    line = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
    names = {name.strip(' "\r') for name in line.decode("utf-8", "replace").split(",")}
    return {"project_name", "duration", "emissions"} <= names and len(names & TELLING) >= 2


def read(path: Path, source: Source) -> Claims:
    """Read the runs of one file. Raises `ImportFault` with line and column."""
    rows = _rows(_files.text_of(path, source.address), source.address)
    build = ClaimsBuilder(source)
    add_jobs(build, rows, path)
    return build.done()


def _rows(text: str, address: str) -> list[Row]:
    if not text.strip():
        raise ImportFault(address, "", "the file is empty")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    names: list[str] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as problem:
            raise ImportFault(address, f"line {line}", f"not CSV: {problem}") from None
        if not names:
            names = _header(cells, address)
        elif cells:
            if len(cells) != len(names):
                problem_text = f"{len(cells)} cells under {len(names)} columns; the row may be cut off"
                raise ImportFault(address, f"line {line}", problem_text)
            rows.append(parsed_row(dict(zip(names, cells, strict=True)), line, address))
    if not rows:
        raise ImportFault(address, "line 2", "no run follows the header")
    return rows


def _header(cells: list[str], address: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    for name in REQUIRED:
        if name not in names:
            raise ImportFault(
                address, "line 1", f"no column {name!r}, which CodeCarbon writes with commas between"
            )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ImportFault(address, "line 1", f"two columns are named {repeated[0]!r}")
    return names
