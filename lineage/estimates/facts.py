"""What the graph says about each product that an estimate can use: size, tokens, year, the step that made it, place."""

import math
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lineage.estimates.constants import makers
from lineage.estimates.names import root_method, size_in, stem
from lineage.graph import Graph
from lineage.kernels.arrays import Codes, Flags, Floats
from lineage.kernels.labels import Labels

__all__ = ["DEFAULT_YEAR", "STEPS", "Facts", "facts_of", "read_facts"]

# The step that made a product. "unstated": a model without a base, by an owner who is not known to train any from
# nothing; "derived": made out of a base in a way that nothing tells.
STEPS: Final = (
    "",
    "training",
    "fine-tune",
    "adapter",
    "quantization",
    "merge",
    "distillation",
    "continued-pretraining",
    "derived",
    "unstated",
    "data",
)
_CODE: Final = {name: code for code, name in enumerate(STEPS)}
# Where several parents tell of several steps, the first of these.
_FIRST: Final = (
    "merge",
    "quantization",
    "distillation",
    "adapter",
    "continued-pretraining",
    "fine-tune",
    "derived",
)
_OF_RELATION: Final = {name: name for name in _FIRST} | {"unknown": "derived", "": "derived"}
BYTES: Final = (
    "bytes",
    "size_bytes",
    "dataset_size_bytes",
)  # attributes of data sets, where importers leave them
STEPS_OF_DATA: Final = ("pipeline_steps",)
BYTES_PER_TOKEN: Final = 4.0  # of English text (GPT-2's tokenizer, Radford et al. 2019)
DEFAULT_YEAR: Final = 2023  # of products without any date: the middle of the Hub's growth
_SIZES_FROM: Final = ("", "record", "name", "base")


@dataclass(frozen=True)
class Facts:
    """Arrays over the products, (n,); NaN is not known.

    `size_from` says where the parameters come from: the record, the name, or the base (`base` is its code, -1
    without). `teacher` is the active parameters of the largest parent; `parents` counts model parents; of a data set
    the steps of its pipeline, 1 where nothing is said.
    """

    step: Labels
    parameters: Floats
    active: Floats
    size_from: Labels
    base: Codes
    tokens: Floats
    year: Floats
    dated: Flags
    parents: Codes
    teacher: Floats


_last: tuple["weakref.ref[Graph]", Facts] | None = None


def facts_of(graph: Graph) -> Facts:
    """Return the facts of a graph; those of the last graph are remembered, for many questions come one by one."""
    global _last
    if _last is None or _last[0]() is not graph:
        _last = (weakref.ref(graph), read_facts(graph))
    return _last[1]


def read_facts(graph: Graph) -> Facts:
    """Read all facts of a graph."""
    kinds = graph.labels("products", "kind")
    model, data = kinds.where("model"), kinds.where("dataset")
    child, parent, relation = _derivations(graph, model)
    step = _steps(graph, model, data, child, relation)
    parameters, active, source, base = _sizes(graph, model, step, child, parent)
    year, dated = _years(graph, child, parent)
    teacher = np.full(len(graph), np.nan)
    known = ~np.isnan(active[parent])
    np.fmax.at(teacher, child[known], active[parent][known])
    parents: Codes = np.bincount(child, minlength=len(graph)).astype(np.int32)
    parents[data] = _attribute(graph, STEPS_OF_DATA, 1.0)[data].astype(np.int32)
    return Facts(
        step=Labels(step, STEPS),
        parameters=parameters,
        active=active,
        size_from=Labels(source, _SIZES_FROM),
        base=base,
        tokens=_tokens(graph, data, child),
        year=year,
        dated=dated,
        parents=parents,
        teacher=teacher,
    )


def _derivations(graph: Graph, model: Flags) -> tuple[Codes, Codes, Labels]:
    """Return the edges from model to model: children, parents, relations."""
    child, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
    keep = model[child] & model[parent] if len(child) else np.zeros(0, np.bool_)
    relation = graph.labels("edges", "relation")
    return child[keep], parent[keep], Labels(relation.codes[keep], relation.names)


# -- steps ------------------------------------------------------------------------------------------------


def _steps(
    graph: Graph, model: Flags, data: Flags, child: Codes, relation: Labels
) -> "np.ndarray[tuple[int], np.dtype[np.int8]]":
    step = np.zeros(len(graph), np.int8)
    step[data] = _CODE["data"]
    step[model] = -1
    of_edge = np.array([_CODE[_OF_RELATION.get(name, "derived")] for name in relation.names] or [0], np.int8)
    made = of_edge[relation.codes] if len(child) else np.zeros(0, np.int8)
    for name in reversed(_FIRST):
        step[child[made == _CODE[name]]] = _CODE[name]
    libraries = _texts(graph, "library_name")
    derived = np.flatnonzero(step == _CODE["derived"])
    for code in derived.tolist():
        peft = libraries is not None and libraries[code] == "peft"
        told = "adapter" if peft else root_method(graph.ids[code], derived=True)
        if told != "training":
            step[code] = _CODE[told]
    roots = np.flatnonzero(step == -1)
    _steps_of_roots(graph, step, roots.tolist())
    return step


def _steps_of_roots(
    graph: Graph, step: "np.ndarray[tuple[int], np.dtype[np.int8]]", roots: Iterable[int]
) -> None:
    """Tell models that state no base apart, in place.

    Its name may tell of a step. Else it was trained from nothing; of a crawl of the Hub only if its owner is known to
    do that, or if it names no owner and a well-known architecture, and if no other such model has the same name: the
    earliest of them counts, the others are copies.
    """
    crawl = "likes" in graph.tables["products"].column_names
    first: dict[str, tuple[tuple[bool, str, str], int]] = {}
    dates = graph.texts("products", "created_at") if crawl else []
    claimed = _claimed(graph) if crawl else None
    for code in roots:
        told = root_method(graph.ids[code])
        step[code] = _CODE[told]
        if told != "training" or claimed is None:
            continue
        step[code] = _CODE["unstated"]
        name = graph.ids[code].partition(":")[2]
        owned = name.partition("/")[0].lower() in makers() if "/" in name else _well_known(name)
        if owned or claimed[code]:
            rank = (not owned, dates[code] or "9", name)
            key = stem(name) if "/" in name else name
            if key not in first or rank < first[key][0]:
                first[key] = (rank, code)
    for _, code in first.values():
        step[code] = _CODE["training"]


def _claimed(graph: Graph) -> Flags:
    """Return the products that claim a training: tokens, or a size from another source than a record of the Hub."""
    tokens, sizes = (graph.floats("products", name) for name in ("tokens", "parameters"))
    return ~np.isnan(tokens) | (~np.isnan(sizes) & np.isnan(graph.floats("products", "likes")))


def _well_known(name: str) -> bool:
    size = size_in(name)
    return size is not None and not size.source.startswith("its name")


def _texts(graph: Graph, name: str) -> list[str | None] | None:
    return graph.texts("products", name) if name in graph.tables["products"].column_names else None


# -- sizes ------------------------------------------------------------------------------------------------


def _sizes(
    graph: Graph, model: Flags, step: "np.ndarray[tuple[int], np.dtype[np.int8]]", child: Codes, parent: Codes
) -> "tuple[Floats, Floats, np.ndarray[tuple[int], np.dtype[np.int8]], Codes]":
    """Return parameters, active parameters, where they come from, and the base they come from.

    The record wins, except of adapters and quantised models, whose files hold other numbers than the model has.
    """
    n = len(graph)
    named, active = np.full(n, np.nan), np.full(n, np.nan)
    for code in np.flatnonzero(model).tolist():
        size = size_in(graph.ids[code])
        if size is not None:
            named[code], active[code] = size.parameters, size.active
    record = graph.floats("products", "parameters")
    trusted = ~np.isnan(record) & (record > 0) & model
    packed = (step == _CODE["adapter"]) | (step == _CODE["quantization"])
    use = trusted & ~packed
    ratio = np.where(np.isnan(named), 1.0, active / named)
    parameters = np.where(use, record, named)
    active = np.where(use, record * ratio, active)
    source = np.where(use, 1, np.where(np.isnan(named), 0, 2)).astype(np.int8)
    base = np.full(n, -1, np.int32)
    inherits = step != _CODE["distillation"]
    for _ in range(64):  # as deep as chains get; each pass hands sizes one step down
        ready = np.isnan(parameters[child]) & ~np.isnan(parameters[parent]) & inherits[child]
        if not ready.any():
            break
        at, of = child[ready], parent[ready]
        order = np.argsort(parameters[of], kind="stable")  # the largest parent is written last
        at, of = at[order], of[order]
        parameters[at], active[at], base[at], source[at] = parameters[of], active[of], of, 3
    late = np.isnan(parameters) & trusted
    parameters[late], active[late], source[late] = record[late], record[late], 1
    return parameters, active, source, base


# -- tokens and years -------------------------------------------------------------------------------------


def _tokens(graph: Graph, data: Flags, derived: Codes) -> Floats:
    """Return the tokens of each product: its own, else of a model the sum over its data sets where all are known."""
    stated = graph.floats("products", "tokens")
    tokens = np.where(stated > 0, stated, np.nan)
    size = _attribute(graph, BYTES, np.nan)
    tokens = np.where(np.isnan(tokens) & data & (size > 0), size / BYTES_PER_TOKEN, tokens)
    child, parent = graph.integers("edges", "product"), graph.integers("edges", "parent")
    if not len(child):
        return tokens
    sampled = graph.floats("edges", "tokens_sampled")
    on_data = data[parent] & ~data[child]
    amount = np.where(np.isnan(sampled), tokens[parent], sampled)[on_data]
    if np.isnan(amount).all():
        return tokens
    total = np.bincount(child[on_data], weights=np.nan_to_num(amount), minlength=len(graph))
    lacking = np.bincount(child[on_data], weights=np.isnan(amount), minlength=len(graph))
    whole = (total > 0) & (lacking == 0) & np.isnan(tokens)
    return np.where(whole, total, tokens)


def _attribute(graph: Graph, names: Sequence[str], default: float) -> Floats:
    """Return the first numeric attribute of these names, the default where there is none."""
    values = np.full(len(graph), np.nan)
    table = graph.tables["products"]
    for name in names:
        if name not in table.column_names:
            continue
        written = table.column(name).to_pylist()
        numbers = [_number(item) for item in written]
        values = np.where(np.isnan(values), np.array(numbers, np.float64), values)
    return np.where(np.isnan(values), default, values)


def _number(item: object) -> float:
    try:
        value = float(str(item))
    except ValueError:
        return math.nan
    return value if math.isfinite(value) and value > 0 else math.nan


def _years(graph: Graph, child: Codes, parent: Codes) -> tuple[Floats, Flags]:
    """Return the year of each product; without a date that of its first child or parent, else the default."""
    dates = graph.texts("products", "created_at")
    before = _texts(graph, "created_before")
    year = np.array([float(text[:4]) if text and text[:4].isdigit() else np.nan for text in dates])
    if before is not None:
        latest = np.array([float(text[:4]) if text and text[:4].isdigit() else np.nan for text in before])
        year = np.where(np.isnan(year), latest - 1, year)
    dated = ~np.isnan(year)
    first = np.full(len(year), np.inf)
    known = ~np.isnan(year[child])
    np.minimum.at(first, parent[known], year[child][known])
    year = np.where(np.isnan(year) & np.isfinite(first), first, year)
    return np.where(np.isnan(year), float(DEFAULT_YEAR), year), dated
