"""Own tables: the format that everyone can write by hand, read into claims.

Five tables, as CSV, Parquet or data frames; every row needs the columns before the first semicolon.

- products: id (`model:NAME`, `dataset:NAME`, `platform:NAME`); name, created_at, deployed, lifetime, inferences
  (in that lifetime), parameters, tokens, downloads, quality, license, operations_rate (platforms, "50 g/min");
  own_carbon, own_carbon_market ("7.4 t"), own_energy ("1507 kWh"), own_water ("3 m3"), each also with _lo and
  _hi; tier; superseded (why the figures must not win); contains (ids whose totals are inside, ";" between
  them); uid; source.
- edges: product, parent (the product was made out of the parent); relation, w (share of the parent, 0 to 1),
  merge_weight, tokens_sampled, created_at, tier, source.
- jobs: id, product, phase; energy ("7.4 MWh"), overhead (energy for cooling and losses), duration ("3.5 days"),
  device_hours (h), system, device_count, power (per device, "300 W"), utilisation (0 to 1), share (0 to 1),
  size, pue (1 or more), pue_included, grid, grid_intensity (g/kWh), grid_market, grid_intensity_market (g/kWh),
  mix ("coal:0.8;solar:0.2"), platform, concurrent_jobs (the job itself counts), interval_start, interval_end,
  inferences, quality, quality_metric, quality_direction ("higher" or "lower" is better), started_at, tier, source.
- systems: id; power, embodied_carbon ("150 kg"), lifetime, all per device; source.
- grids: id; intensity (g/kWh), region, year, basis ("location" or "market"); source.

A quantity is text with a unit. The same column under its full name takes plain numbers: lifetime_h, duration_h,
energy_kwh, overhead_kwh, power_w, embodied_gco2e, intensity_gco2e_per_kwh, grid_intensity_gco2e_per_kwh,
grid_intensity_market_gco2e_per_kwh, operations_rate_gco2e_per_h, own_carbon_gco2e, own_carbon_market_gco2e,
own_energy_kwh, own_water_l (bounds: own_energy_kwh_lo, ...). A row fills one of the two spellings.

Any other column is kept as an attribute. Only an empty cell is missing; nothing is guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from lineage.claims import Claims, ClaimsBuilder, Source, conform
from lineage.errors import ImportFault, OptionError, did_you_mean
from lineage.schema import CLAIM_TABLES, Column
from lineage.tables import checks
from lineage.tables.cells import BadCell, attribute, clip, plain, read_cells, texts
from lineage.tables.header import RESERVED, TABLE_NAMES, match_columns, table_of
from lineage.units import suspect

__all__ = ["TABLE_NAMES", "claims_from_table", "table_of"]


def claims_from_table(
    name: str,
    table: pa.Table,
    source: Source,
    *,
    first_line: int | None = None,
    lines: Sequence[int] | None = None,
) -> Claims:
    """Read one own table into claims in base units (gCO2e, kWh, L, h, W).

    `name` is one of `TABLE_NAMES`; the columns of `table` are strings (CSV) or typed (Parquet, pandas). Places
    are "line N", counted from `first_line` or given per row in `lines`; with neither they are "row N", from 1.

    Raises `ImportFault` with file, place, problem and way out; `OptionError` for an unknown table name. Findings:
    `unit-suspect`, `ignored-value` (a column that is always computed).

    >>> table = pa.table({"id": ["model:a"], "own_energy": ["7.4 MWh"]})
    >>> claims = claims_from_table("products", table, Source(address="products.csv"), first_line=2)
    >>> claims.tables["products"].select(["id", "own_energy_kwh", "place"]).to_pylist()
    [{'id': 'model:a', 'own_energy_kwh': 7400.0, 'place': 'line 2'}]
    """
    if name not in TABLE_NAMES:
        hint = did_you_mean(name, TABLE_NAMES) or f"; the tables are {', '.join(TABLE_NAMES)}"
        raise OptionError(f"no own table is called {name!r}{hint}")
    names = [column.strip() for column in table.column_names]
    matched = match_columns(name, names, source.address)
    reading = _Reading(name, ClaimsBuilder(source), _places(table.num_rows, first_line, lines))
    for (written, match), values in zip(matched.items(), table.columns, strict=True):
        reading.take(written, match, plain(values))
    return reading.done()


def _places(count: int, first_line: int | None, lines: Sequence[int] | None) -> list[str]:
    if lines is not None:
        return [f"line {line}" for line in lines]
    if first_line is not None:
        return [f"line {line}" for line in range(first_line, first_line + count)]
    return [f"row {row}" for row in range(1, count + 1)]


@dataclass
class _Reading:
    """One table on its way into claims; `says` names each row: "line 7" of a text file, else "row 6"."""

    table: str
    build: ClaimsBuilder
    says: list[str]
    columns: dict[str, Any] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)  # schema column -> the name it stands under

    def take(self, name: str, match: tuple[Column, bool] | None, values: pa.Array) -> None:
        """Read one column; `match` is its schema column and whether its cells carry units. Raises `ImportFault`."""
        try:
            if match is None:
                self._attribute(name, values)
            else:
                self._own(name, *match, values)
        except BadCell as error:
            raise self._fault(error, name) from None

    def done(self) -> Claims:
        """Return the claims, after the checks across columns."""
        try:
            if self.table == "products":
                checks.bounds(self.columns)
        except BadCell as error:
            raise self._fault(error) from None
        self.columns["place"] = pa.array(self.says, pa.string())
        self.columns["source"] = pa.array(np.zeros(len(self.says), dtype=np.int32))
        claims = self.build.done()
        ready = conform(pa.table(self.columns), CLAIM_TABLES[self.table])
        return replace(claims, tables={**claims.tables, self.table: ready})

    def _attribute(self, name: str, values: pa.Array) -> None:
        if name in RESERVED[self.table]:
            text = f"the column {name!r} is always computed; it is left out"
            self.build.finding("ignored-value", self.build.source.address, text, place=f"column {name}")
        else:
            self.columns[name] = attribute(values)

    def _own(self, name: str, item: Column, spelled: bool, values: pa.Array) -> None:
        cells = read_cells(values, item, spelled=spelled)
        if item.type == "number":
            checks.in_range(cells, item.name, values)
        checks.check(self.table, item, cells, self.says)
        if spelled and pa.types.is_string(values.type):
            self._suspect_units(name, values)
        if item.name in self.columns:
            cells = checks.either((self.written[item.name], self.columns[item.name]), (name, cells))
        self.columns[item.name] = cells
        self.written.setdefault(item.name, name)

    def _suspect_units(self, name: str, values: pa.Array) -> None:
        found = texts(values)
        for code, text in enumerate(found.values):
            reason = suspect(text)
            for row in np.flatnonzero(found.codes == code) if reason else ():
                place = f"{self.says[int(row)]}, column {name}"
                address = self.build.source.address
                self.build.finding("unit-suspect", address, f"{clip(text)}: {reason}", place=place)

    def _fault(self, error: BadCell, name: str = "") -> ImportFault:
        places = [self.says[error.row]] if self.says else []
        places += [f"column {name}"] if name else []
        return ImportFault(self.build.source.address, ", ".join(places), error.problem)
