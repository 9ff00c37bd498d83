"""What the graph says about each product that an estimate can use: size, tokens, year, the step that made it, place."""

import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from lineage.estimates.amounts import FROM_TOKENS, ON_DATA, attribute, texts, tokens_of
from lineage.estimates.constants import makers
from lineage.estimates.names import active_in, instructed, root_method, size_in, stem
from lineage.graph import Graph
from lineage.kernels.arrays import Codes, Flags, Floats
from lineage.kernels.labels import Labels

__all__ = ["DEFAULT_YEAR", "STEPS", "Facts", "facts_of", "read_facts"]

# The step that made a product. "unstated": a model without a base, by an owner who is not known to train any from
# nothing, or that follows instructions, by one who is; "derived": made out of a base in a way that nothing tells;
# "... on data": nothing tells how many tokens it took, only the size of the data sets that it was made on.
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
    *(step + ON_DATA for step in FROM_TOKENS),
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
ACTIVE: Final = ("active_parameters",)  # of mixtures of experts, where own tables state them
STEPS_OF_DATA: Final = ("pipeline_steps",)
DEFAULT_YEAR: Final = 2023  # of products without any date: the middle of the Hub's growth
SAME_SIZE: Final = 0.1  # what a longer vocabulary or a new head may add
_SIZES_FROM: Final = ("", "record", "name", "base")


@dataclass(frozen=True)
class Facts:
    """Arrays over the products, (n,); NaN is not known.

    `size_from` says where the parameters come from: the record, the name, or the base (`base` is its code, -1
    without). `tokens` of a step on data are those of its data sets. `teacher` is the active parameters of the largest
    parent; `parents` counts model parents; of a data set the steps of its pipeline, 1 where nothing is said.
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
    parents[data] = attribute(graph, STEPS_OF_DATA, 1.0)[data].astype(np.int32)
    tokens, guessed = tokens_of(graph, data)
    for name in FROM_TOKENS:
        step[guessed & (step == _CODE[name])] = _CODE[name + ON_DATA]
    return Facts(
        step=Labels(step, STEPS),
        parameters=parameters,
        active=active,
        size_from=Labels(source, _SIZES_FROM),
        base=base,
        tokens=tokens,
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
    libraries = texts(graph, "library_name")
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

    Its name may tell of a step; of an owner who trains models from nothing, "instruct" may stand for all steps. Else
    it was trained from nothing; of a crawl of the Hub only if its owner is known to do that, or if it names no owner
    and a well-known architecture, and if no other such model has the same name: the earliest of them counts, the
    others are copies.
    """
    crawl = "likes" in graph.tables["products"].column_names
    first: dict[str, tuple[tuple[bool, str, str], int]] = {}
    dates = graph.texts("products", "created_at") if crawl else []
    claimed = _claimed(graph) if crawl else None
    tokens = graph.floats("products", "tokens")
    for code in roots:
        told = root_method(graph.ids[code])
        if told == "fine-tune" and np.isnan(tokens[code]) and _last_of_a_family(graph.ids[code]):
            told = "unstated"
        step[code] = _CODE[told]
        if told != "training" or claimed is None:
            continue
        step[code] = _CODE["unstated"]
        name = graph.ids[code].partition(":")[2]
        owned = _by_maker(name) if "/" in name else _well_known(name)
        if owned or claimed[code]:
            rank = (not owned, dates[code] or "9", name)
            key = stem(name) if "/" in name else name
            if key not in first or rank < first[key][0]:
                first[key] = (rank, code)
    for _, code in first.values():
        step[code] = _CODE["training"]


def _by_maker(name: str) -> bool:
    return name.partition("/")[0].lower() in makers()


def _last_of_a_family(name: str) -> bool:
    """Return whether a model without a base may have been trained from nothing before it was made to instruct."""
    return _by_maker(name.partition(":")[2]) and instructed(name)


def _claimed(graph: Graph) -> Flags:
    """Return the products that claim a training: tokens, or a size from another source than a record of the Hub."""
    tokens, sizes = (graph.floats("products", name) for name in ("tokens", "parameters"))
    return ~np.isnan(tokens) | (~np.isnan(sizes) & np.isnan(graph.floats("products", "likes")))


def _well_known(name: str) -> bool:
    size = size_in(name)
    return size is not None and not size.source.startswith("its name")


# -- sizes ------------------------------------------------------------------------------------------------


def _sizes(
    graph: Graph, model: Flags, step: "np.ndarray[tuple[int], np.dtype[np.int8]]", child: Codes, parent: Codes
) -> "tuple[Floats, Floats, np.ndarray[tuple[int], np.dtype[np.int8]], Codes]":
    """Return parameters, active parameters, where they come from, and the base they come from.

    The record wins, except of adapters and quantised models, whose files hold other numbers than the model has.
    """
    record = graph.floats("products", "parameters")
    trusted = ~np.isnan(record) & (record > 0) & model
    packed = (step == _CODE["adapter"]) | (step == _CODE["quantization"])
    parameters, active, source = _own_sizes(graph, model, np.where(trusted & ~packed, record, np.nan))
    stated = np.where(model & ~packed, attribute(graph, ACTIVE, np.nan), np.nan)
    base = np.full(len(graph), -1, np.int32)
    inherits = (step != _CODE["distillation"])[child]
    alone = inherits & np.isnan(stated)[child]
    for _ in range(64):  # as deep as chains get; each pass hands sizes one step down
        active = np.where(stated <= parameters, stated, active)
        ready = np.isnan(parameters[child]) & ~np.isnan(parameters[parent]) & inherits
        sparse = alone & _of_that_mixture(parameters, active, child, parent)
        if not ready.any() and not sparse.any():
            break
        at, of = child[sparse], parent[sparse]
        active[at] = parameters[at] * active[of] / parameters[of]
        at, of = child[ready], parent[ready]
        order = np.argsort(parameters[of], kind="stable")  # the largest parent is written last
        at, of = at[order], of[order]
        parameters[at], active[at], base[at], source[at] = parameters[of], active[of], of, 3
    late = np.isnan(parameters) & trusted
    parameters[late], active[late], source[late] = record[late], record[late], 1
    return parameters, active, source, base


def _own_sizes(
    graph: Graph, model: Flags, record: Floats
) -> "tuple[Floats, Floats, np.ndarray[tuple[int], np.dtype[np.int8]]]":
    """Return parameters and active parameters that record and name state, and which of them does."""
    parameters, active = record.copy(), record.copy()
    source = np.where(np.isnan(record), 0, 1).astype(np.int8)
    for code in np.flatnonzero(model).tolist():
        if source[code]:
            active[code] = active_in(graph.ids[code], float(record[code]))
            continue
        size = size_in(graph.ids[code])
        if size is not None:
            parameters[code], active[code], source[code] = size.parameters, size.active, 2
    return parameters, active, source


def _of_that_mixture(parameters: Floats, active: Floats, child: Codes, parent: Codes) -> Flags:
    """Return the edges from a mixture of experts to a model of the same size of which nothing tells that it is one."""
    dense = active[child] == parameters[child]
    with np.errstate(invalid="ignore"):
        same = np.abs(parameters[child] / parameters[parent] - 1) < SAME_SIZE
    of_them: Flags = dense & same & (active[parent] < parameters[parent])
    return of_them


# -- years ------------------------------------------------------------------------------------------------


def _years(graph: Graph, child: Codes, parent: Codes) -> tuple[Floats, Flags]:
    """Return the year of each product; without a date that of its first child or parent, else the default."""
    dates = graph.texts("products", "created_at")
    before = texts(graph, "created_before")
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
