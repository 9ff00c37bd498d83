"""From the sections of a TOML file, or from options, to changes that know where they were written."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lineage.errors import ImportFault, InputError, OptionError, did_you_mean
from lineage.run import Run
from lineage.scenarios.change import Change

__all__ = ["FLAGS", "SECTIONS", "SHORT", "changes_of", "setting"]

# section -> (table, column of own tables) that it is short for; `lifetime` is of systems, or of products by their kind.
SHORT: Final = {
    "weights": ("edges", "w"),
    "grid": ("grids", "intensity"),
    "power": ("systems", "power"),
    "embodied": ("systems", "embodied_carbon"),
    "lifetime": ("systems", "lifetime"),
    "inferences": ("products", "inferences"),
}
TABLES: Final = ("products", "edges", "jobs", "systems", "grids")
REMOVABLE: Final = ("products", "edges", "jobs")
FLAGS: Final = ("retain", "impute")  # options of a run that are yes or no
SECTIONS: Final = ("own", "own_market", *SHORT, *TABLES, "series", "replace", "add", "remove", "run")

_NAMED: Final = re.compile(
    r"(?P<section>\w+)\[(?P<target>.*)\](?:\.(?P<field>\w+))?\s*=\s*(?P<value>.*)", re.DOTALL
)
_PLAIN: Final = re.compile(r"(?P<section>\w+)\.(?P<field>\w+)\s*=\s*(?P<value>.*)", re.DOTALL)
_KEY: Final = re.compile(r"""\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+|\s*\.\s*)+)\s*=""")
_EXAMPLE: Final = "write for example 'own[model:base]=2 t', 'jobs[train].grid=SE' or 'run.policy=half'"

Path = tuple[str | int, ...]


def changes_of(tables: Mapping[str, Any], source: str, text: str) -> Iterator[Change]:
    """Yield the changes of a file's sections in their order; raises a fault with its place for what is no section."""
    lines = dict(_lines(text))

    def where(*path: str | int) -> str:
        known = (path[:size] for size in range(len(path), 0, -1))
        line = next((lines[part] for part in known if part in lines), None)
        named = f"[{path[0]}]" + "".join(f" {item!r}" for item in path[1:] if isinstance(item, str))
        return f"line {line}, {named}" if line else named

    for section, content in tables.items():
        place = {"source": source, "where": where(section)}
        _check_section(section, content, Change(section=section, value="...", **place))
        for path, parts in _parts(section, content, Change(section=section, value="...", **place)):
            yield from _short(Change(source=source, where=where(section, *path), **parts))


def _check_section(section: str, content: Any, change: Change) -> None:
    if section not in SECTIONS:
        hint = did_you_mean(section, SECTIONS)
        raise change.fault(f"there is no section [{section}]{hint}; there are {', '.join(SECTIONS)}")
    if not isinstance(content, Mapping):
        raise change.fault(f"this is a section: write [{section}] on a line of its own, and names below it")


def _parts(section: str, content: Mapping[str, Any], change: Change) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the path of each change below its section, and what it says."""
    for name, value in content.items():
        if section in TABLES:
            if not isinstance(value, Mapping):
                raise change.fault(
                    f'{name!r} needs its fields: write [{section}."{name}"] and FIELD = VALUE below it'
                )
            for field, item in value.items():
                yield (name, field), {"section": section, "target": name, "field": field, "value": item}
        elif section in ("add", "remove"):
            known = TABLES if section == "add" else REMOVABLE
            if name not in known:
                raise change.fault(
                    f"cannot {section} {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}"
                )
            rows = value if isinstance(value, list) else [value]
            for number, row in enumerate(rows):
                yield (name, number), _row(section, name, row, change)
        elif section == "run":
            yield (name,), {"section": section, "field": _option(name, change), "value": value}
        else:
            yield (name,), {"section": section, "target": name, "value": value}


def _row(section: str, table: str, row: Any, change: Change) -> dict[str, Any]:
    if section == "remove":
        if not isinstance(row, str):
            raise change.fault(f'{table} are removed by name: write {table} = ["NAME", ...], not {row!r}')
        return {"section": section, "field": table, "target": row, "value": "gone"}
    if not isinstance(row, Mapping):
        raise change.fault(f"{table} are added row by row: write [[add.{table}]] and COLUMN = VALUE below it")
    name = f"{row.get('product')} <- {row.get('parent')}" if table == "edges" else str(row.get("id", ""))
    return {"section": section, "field": table, "target": name, "value": dict(row)}


def _option(name: str, change: Change) -> str:
    known = tuple(Run.__slots__)
    if name not in known:
        raise change.fault(f"a run has no {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}")
    return name


def _short(change: Change) -> Iterator[Change]:
    """Yield a change with the section that a short one stands for."""
    if change.section not in SHORT:
        yield change
        return
    table, field = SHORT[change.section]
    if change.section == "lifetime" and change.target.partition(":")[0] in ("model", "dataset", "platform"):
        table = "products"
    yield replace(change, section=table, field=field, short=change.section)


# -- options -----------------------------------------------------------------------------------------------


def setting(text: str) -> Change:
    """Read "SECTION[NAME].FIELD=VALUE" or "SECTION.FIELD=VALUE"; raises `OptionError` with the way out.

    >>> found = setting("jobs[train*].pue = 1.1")
    >>> found.section, found.target, found.field, found.value
    ('jobs', 'train*', 'pue', '1.1')
    """
    found = _NAMED.fullmatch(text.strip()) or _PLAIN.fullmatch(text.strip())
    if found is None:
        raise OptionError(f"{text!r} is no change; {_EXAMPLE}")
    said = found.groupdict()
    section, target, field, value = said["section"], said.get("target"), said["field"], said["value"].strip()
    try:
        return _one(section, target, field, value)
    except ImportFault:  # pragma: no cover - an option has no file
        raise
    except InputError as error:
        problem = str(error).partition(" = ...: ")[2] or str(error)
        raise OptionError(f"{text!r}: {problem}") from None


def _one(section: str, target: str | None, field: str | None, value: str) -> Change:
    tables: dict[str, Any]
    if section in ("add", "remove"):
        if field is None or target is not None:
            raise OptionError(f"write '{section}.products={value}' or '{section}.edges=PRODUCT <- PARENT'")
        tables = {section: {field: [_added_row(field, value) if section == "add" else value]}}
    elif section == "run":
        tables = {section: {field or "": _typed(field or "", value)}}
    elif section in TABLES:
        if target is None or field is None:
            raise OptionError(f"write '{section}[NAME].FIELD={value}'")
        tables = {section: {target: {field: value}}}
    else:
        if field is not None and section in SECTIONS:
            raise OptionError(f"write '{section}[{target or field}]={value}'")
        tables = {section: {target or "": value}}
    return next(changes_of(tables, "", ""))


def _added_row(table: str, value: str) -> dict[str, str]:
    if table != "edges":
        return {"id": value}
    product, _, parent = value.partition("<-")
    return {"product": product.strip(), "parent": parent.strip()}


def _typed(field: str, value: str) -> Any:
    """Return the text of an option of a run in its type."""
    if field in FLAGS:
        return {"0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}.get(
            value.lower(), value
        )
    if field == "cff_a":
        try:
            return float(value)
        except ValueError:
            return value
    return value


# -- places ------------------------------------------------------------------------------------------------


def _lines(text: str) -> Iterator[tuple[Path, int]]:
    """Yield the path of every header and key of a TOML text with its line, as far as a line alone can say."""
    header: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            path = _path(stripped)
            if path is None:
                continue
            header = path
            if stripped.startswith("[["):
                header = (*path, counts.get(path, 0))
                counts[path] = counts.get(path, 0) + 1
            yield header, number
            continue
        key = _KEY.match(line)
        below = _path(f"{key[1]} = 0") if key else None
        if below is not None:
            yield (*header, *below), number


def _path(line: str) -> Path | None:
    """Return the names of a header, or of a key, nested as they are."""
    try:
        found: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    path: list[str | int] = []
    while found:
        if isinstance(found, list):
            found = found[0]
        if not isinstance(found, Mapping) or not found:
            break
        name, found = next(iter(found.items()))
        path.append(name)
    return tuple(path)
