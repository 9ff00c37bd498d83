"""Where the ranges of estimates come from: the spread of published cases, not taste.

    python -m lineage.estimates.calibration            show the ranges, and how they hold on cases left out
    python -m lineage.estimates.calibration --write    write lineage/data/estimates/ranges.csv
    python -m lineage.estimates.calibration --docs docs/estimates.md    put both tables into that page
    python -m lineage.estimates.calibration --epoch notable-ai-models.csv    renew the extract of Epoch AI's table

A range from few cases is a prediction interval for one more case: mean and standard deviation of the logarithms,
Student's t with n - 1 degrees of freedom, widened by sqrt(1 + 1/n), and never narrower than the quantiles of the cases
themselves (rank ceil((n + 1) p), the extreme where n is too small for the rank). Where Epoch AI's table adds many
cases of one sort, quantiles are taken in which the published cases and those of the table weigh the same, widened by
1 + 1/(2 sqrt(n)).
"""

import csv
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np

from lineage.estimates.cases import Case, draw_of, energy_of, grid_ratio, published_cases
from lineage.estimates.constants import Range
from lineage.estimates.intervals import extremes, grouped_interval, interval
from lineage.estimates.trends import EpochRow, Trend, epoch_rows, flop_trend, rate_trend
from lineage.factors import Shelf, shelf

__all__ = ["Calibration", "calibrated", "main", "write_ranges"]

DRAW_LEVEL: Final = 0.95
LEAST_PUE: Final = 1.02  # the best that any operator reports for a year
LEVEL: Final = 0.90
GROUPED_LEVELS: Final = {"rate": 0.86, "flop": 0.88, "fine-tune-energy": 0.86}
LEAST_CASES: Final = 5  # of fewer a standard deviation says nothing: their extremes, times and over 3


@dataclass(frozen=True, slots=True)
class Calibration:
    """All ranges, and the two trends that some of them go with."""

    ranges: dict[str, Range]
    rate: Trend
    flop: Trend


def calibrated(cases: Iterable[Case], epoch: Sequence[EpochRow], table: Shelf) -> Calibration:
    """Derive every range from cases and from Epoch AI's table."""
    return _Derivation(list(cases), epoch, table).done()


class _Derivation:
    """The ranges in the making, in the order in which they build on each other."""

    def __init__(self, cases: list[Case], epoch: Sequence[EpochRow], table: Shelf) -> None:
        self.cases, self.epoch, self.table = cases, epoch, table
        self.found: dict[str, Range] = {}

    def done(self) -> Calibration:
        """Derive them all."""
        self.hours()
        draw, pue = self.found["draw"].best, self.found["pue"].best
        used = [(case, x) for case in self.cases if (x := energy_of(case, draw, pue, self.table)) is not None]
        rate = self.rate(used, draw * pue)
        flop = flop_trend(self.epoch)
        self.grouped(
            "flop", [flop.residuals], "Epoch AI | training compute over the trend of parameters and year"
        )
        self.steps(used, rate)
        grids = [math.log(x) for case in self.cases if (x := grid_ratio(case, self.table)) is not None]
        self.add(
            "grid", grids, "published cases | carbon per kWh that was used over that of the table of grids"
        )
        self.found |= {item.name: item for item in (*_trend_rows("rate", rate), *_trend_rows("flop", flop))}
        self.found["grid-unknown"] = _unknown_grid(self.epoch, self.table, self.found["grid"])
        return Calibration(self.found, rate, flop)

    def add(self, name: str, logs: Sequence[float], told: str, unit: str = "1") -> None:
        """Add the range of a few cases; `told` is "source | meaning"."""
        level = DRAW_LEVEL if name == "draw" else LEVEL
        bounds = interval(logs, level) if len(logs) >= LEAST_CASES else extremes(logs)
        self._keep(name, bounds, len(logs), told, unit)

    def grouped(self, name: str, groups: Sequence[Sequence[float]], told: str, unit: str = "1") -> None:
        """Add the range of several groups of cases that weigh the same."""
        bounds = grouped_interval(groups, GROUPED_LEVELS[name])
        self._keep(name, bounds, sum(len(group) for group in groups), told, unit)

    def _keep(self, name: str, bounds: tuple[float, float, float], cases: int, told: str, unit: str) -> None:
        source, meaning = told.split(" | ")
        lo, best, hi = bounds
        self.found[name] = Range(
            name=name, lo=lo, best=best, hi=hi, unit=unit, cases=cases, source=source, meaning=meaning
        )

    def hours(self) -> None:
        """Derive the draw and the PUE of runs with known device-hours."""
        draws = [math.log(x) for case in self.cases if (x := draw_of(case, self.table)) is not None]
        self.add(
            "draw",
            draws,
            "published cases | mean power with the host's share over rated power of the accelerator",
        )
        pues = [math.log(case.pue) for case in self.cases if case.pue is not None]
        self.add("pue", pues, "published cases | total energy of the data centre over its IT energy")
        pue = self.found["pue"]
        self.found["pue"] = replace(pue, lo=max(pue.lo, LEAST_PUE))

    def rate(self, used: Sequence[tuple[Case, float]], draw: float) -> Trend:
        """Derive kWh per FLOP by year."""
        trained = [(case, x) for case, x in used if case.step == "training"]
        rows = [(case.year, x / case.flop, case.model) for case, x in trained if case.flop]
        trend = rate_trend(rows, self.epoch, draw, self.table)
        known = {case.model for case in self.cases}
        groups: tuple[list[float], list[float]] = ([], [])
        for residual, name in zip(trend.residuals, trend.names, strict=True):
            groups[name not in known].append(residual)
        told = "published cases and Epoch AI, of equal weight | energy per FLOP over the trend of its year"
        self.grouped("rate", groups, told)
        return trend

    def steps(self, used: Sequence[tuple[Case, float]], rate: Trend) -> None:
        """Derive the energy of the steps after a training, and of data sets."""
        unit = "kWh per billion parameters"
        for name, told in _PER_BILLION.items():
            made = [(case.parameters, x) for case, x in used if case.step == name]
            logs = [math.log(x / size * 1e9) for size, x in made if size]
            if name != "fine-tune":
                self.add(f"{name}-energy", logs, told, unit)
                continue
            notable = [
                math.log(row.finetune_flop * rate.at(row.year) / row.parameters * 1e9)
                for row in self.epoch
                if row.finetune_flop and row.parameters
            ]
            self.grouped(f"{name}-energy", [logs, notable], told, unit)
        data = [math.log(x / case.tokens) for case, x in used if case.step == "data" and case.tokens]
        told = (
            "published cases | filtering, classifying and choosing the tokens of a data set; not writing them"
        )
        self.add("data-energy", data, told, "kWh per token")
        self.found["merge-energy"] = MERGE


_PER_BILLION: Final = {
    "fine-tune": "published cases and Epoch AI, of equal weight | energy of a fine-tuning",
    "adapter": "published cases | energy of training an adapter (LoRA, QLoRA)",
    "quantization": "published cases | energy of a quantisation after training",
    "distillation": "published cases | energy of a distillation, teacher inference included",
    "continued-pretraining": "published cases | energy of continued pre-training",
}

# No measured merge is published. A file of 2 bytes per parameter at 0.2 to 3 GB/s on a host of 100 to 500 W, up to
# the 0.2 GPU hours for a 7B model that ai-impact-accounting assumes.
MERGE: Final = Range(
    name="merge-energy",
    lo=2e-5,
    best=5e-4,
    hi=1.1e-2,
    unit="kWh per billion parameters and model read or written",
    cases=0,
    source="reading and writing 2 bytes per parameter; upper end: 0.2 GPU hours (ai-impact-accounting 0.1.0)",
    meaning="energy of a merge",
)


def _trend_rows(name: str, trend: Trend) -> list[Range]:
    told = {
        "at-2020": ("log10 of the trend at 2020", trend.at_2020),
        "per-year": ("its step per year", trend.per_year),
        "per-decade": ("its step per tenfold parameters", trend.per_decade),
    }
    return [
        Range(
            name=f"{name}-{key}",
            lo=value,
            best=value,
            hi=value,
            unit="log10",
            cases=trend.cases,
            source=trend.source,
            meaning=text,
        )
        for key, (text, value) in told.items()
    ]


def _unknown_grid(epoch: Sequence[EpochRow], table: Shelf, spread: Range) -> Range:
    """Return the grids of the countries where notable models come from, each model one case: 1 % to 99 %.

    Both ends are widened by what published runs used around the table's values.
    """
    known = {}
    for row in epoch:
        first = row.country.split(",")[0].strip()
        choice = table.grid(_COUNTRIES.get(first, first), year=2022) if first else None
        if choice is not None and row.year >= 2018:
            known[row.model] = choice.factor.value
    values = np.array(sorted(known.values()))
    lo, best, hi = (float(np.quantile(values, p)) for p in (0.01, 0.5, 0.99))
    return Range(
        name="grid-unknown",
        lo=lo * spread.lo,
        best=best,
        hi=hi * spread.hi,
        unit="gCO2e/kWh",
        cases=len(values),
        source="Epoch AI: countries of the organisations; grids of 2022",
        meaning="grid of a run at an unknown place",
    )


_COUNTRIES: Final = {
    "Korea (Republic of)": "South Korea",
    "United States of America": "United States",
    "Multinational": "",
}


BEGIN: Final = "<!-- written by python -m lineage.estimates.calibration --docs -->"
END: Final = "<!-- end -->"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command of this module's docstring."""
    from lineage.estimates.holding import report

    given = list(sys.argv[1:] if arguments is None else arguments)
    folder = Path(str(files("lineage") / "data" / "estimates"))
    if "--epoch" in given:
        from lineage.estimates.trends import extract

        count = extract(Path(given[given.index("--epoch") + 1]), folder / "epoch.csv")
        print(f"{count} rows written to {folder / 'epoch.csv'}")
        return 0
    found = calibrated(published_cases(), epoch_rows(), shelf(adapters=False))
    if "--write" in given:
        write_ranges(found.ranges.values(), folder / "ranges.csv")
    said = report(found)
    if "--docs" in given:
        page = Path(given[given.index("--docs") + 1])
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before}{BEGIN}\n{said}\n{END}{after}", encoding="utf-8")
    print(said)
    return 0


def write_ranges(ranges: Iterable[Range], path: Path) -> None:
    """Write ranges as `lineage.estimates.constants` reads them: seven significant digits."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        names = [item.name for item in fields(Range)]
        writer.writerow(names)
        for item in ranges:
            writer.writerow(
                [f"{x:.7g}" if isinstance(x := getattr(item, name), float) else x for name in names]
            )


if __name__ == "__main__":
    sys.exit(main())
