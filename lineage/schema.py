"""The one vocabulary: labels, relations, phases, tiers, tables and their columns.

Every other module takes names from here. The graph follows W3C PROV: an edge points from what was made
to what it was made of (`wasDerivedFrom`).
"""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "CLAIM_TABLES",
    "GRAPH_TABLES",
    "IMPACTS",
    "KINDS",
    "LABELS",
    "MAKING_PHASES",
    "PHASES",
    "PLACE_COLUMNS",
    "RELATIONS",
    "SOURCE_COLUMNS",
    "TIERS",
    "UNIT_SUFFIXES",
    "Column",
    "Impact",
    "column",
    "edge_type",
    "kind_of",
    "split_id",
    "tier_rank",
]

LABELS: Final = {"dataset": "Dataset", "model": "Model", "platform": "Platform"}
KINDS: Final = tuple(LABELS)

RELATIONS: Final = (
    "fine-tune",
    "adapter",
    "distillation",
    "quantization",
    "merge",
    "continued-pretraining",
    "unknown",
)

# Best evidence first (ACCOUNTING: `measured` > `reported` > ... > `unknown`).
TIERS: Final = (
    "measured",
    "reported",
    "from-energy",
    "from-device-hours",
    "from-flops",
    "imputed",
    "unknown",
)

# Jobs of these phases made their product; the others (re-training, serving, operating) never enter its own cost.
MAKING_PHASES: Final = ("data", "development", "testing", "training", "fine-tuning", "distillation", "other")
PHASES: Final = (*MAKING_PHASES[:-1], "retraining", "inference", "platform", "other")


@dataclass(frozen=True, slots=True)
class Impact:
    """A quantity that is carried down the lineage: `column` holds a product's own figure in `unit`."""

    name: str
    column: str
    unit: str


IMPACTS: Final = {
    item.name: item
    for item in (
        Impact("carbon", "own_carbon_gco2e", "gCO2e"),
        Impact("carbon-market", "own_carbon_market_gco2e", "gCO2e"),
        Impact("energy", "own_energy_kwh", "kWh"),
        Impact("water", "own_water_l", "L"),
    )
}

# How a unit is spelled at the end of a column's name.
UNIT_SUFFIXES: Final = {"gCO2e": "gco2e", "kWh": "kwh", "L": "l"}

Type = Literal["text", "number", "count", "flag", "date"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    `unit` is the unit its numbers are in; `spelled` is the name under which people write the same value as
    text with a unit ("7.4 MWh") in their own tables; `bare` is the unit of a number written there without one.
    Dates are ISO 8601 text in UTC, so that they sort and compare as text.
    """

    name: str
    type: Type = "text"
    unit: str = ""
    spelled: str = ""
    bare: str = ""
    required: bool = False


def _impact_columns() -> tuple[Column, ...]:
    columns: list[Column] = []
    for impact in IMPACTS.values():
        spelled = impact.column.rsplit("_", 1)[0]
        for bound in ("", "_lo", "_hi"):
            columns.append(Column(impact.column + bound, "number", impact.unit, spelled + bound))
    return tuple(columns)


_PRODUCT_FACTS: Final = (
    Column("name"),
    Column("created_at", "date"),
    Column("deployed", "flag"),
    Column("lifetime_h", "number", "h", "lifetime"),
    Column("inferences", "number"),
    Column("parameters", "number"),
    Column("tokens", "number"),
    Column("downloads", "number"),
    Column("quality", "number"),
    Column("license"),
    Column("operations_rate_gco2e_per_h", "number", "gCO2e/h", "operations_rate"),
)

_EDGE_FACTS: Final = (
    Column("relation"),
    Column("w", "number"),
    Column("merge_weight", "number"),
    Column("tokens_sampled", "number"),
    Column("created_at", "date"),
    Column("tier"),
)

_JOB_FACTS: Final = (
    Column("phase", required=True),
    Column("energy_kwh", "number", "kWh", "energy"),
    Column("overhead_kwh", "number", "kWh", "overhead"),
    Column("duration_h", "number", "h", "duration"),
    Column("device_hours", "number", "h"),
    Column("system"),
    Column("device_count", "number"),
    Column("power_w", "number", "W", "power"),
    Column("utilisation", "number"),
    Column("share", "number"),
    Column("size", "number"),
    Column("pue", "number"),
    Column("pue_included", "flag"),
    Column("grid"),
    Column("grid_intensity_gco2e_per_kwh", "number", "gCO2e/kWh", "grid_intensity", "gCO2e/kWh"),
    Column("grid_market"),
    Column(
        "grid_intensity_market_gco2e_per_kwh", "number", "gCO2e/kWh", "grid_intensity_market", "gCO2e/kWh"
    ),
    Column("mix"),
    Column("platform"),
    Column("concurrent_jobs", "number"),
    Column("interval_start", "date"),
    Column("interval_end", "date"),
    Column("inferences", "number"),
    Column("quality", "number"),
    Column("quality_metric"),
    Column("quality_direction"),
    Column("started_at", "date"),
    Column("tier"),
)

# Where a row comes from: `source` numbers a row of the sources table, `place` is the line or JSON path in it,
# `citation` is the publication that the row itself names.
PLACE_COLUMNS: Final = (Column("citation"), Column("place"), Column("source", "count"))

# What importers return. A row is what one source says; nothing is merged or decided yet.
CLAIM_TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "products": (
        Column("id", required=True),
        *_PRODUCT_FACTS,
        *_impact_columns(),
        Column("tier"),
        Column("superseded"),  # why the figures of this row must not win
        Column("contains"),  # ids, separated by ";", whose totals are inside this row's totals
        Column("uid"),  # an id that survives renaming, such as the Hub's _id
        *PLACE_COLUMNS,
    ),
    "edges": (
        Column("product", required=True),
        Column("parent", required=True),
        *_EDGE_FACTS,
        *PLACE_COLUMNS,
    ),
    "jobs": (
        Column("id", required=True),
        Column("product", required=True),
        *_JOB_FACTS,
        *PLACE_COLUMNS,
    ),
    "systems": (
        Column("id", required=True),
        Column("power_w", "number", "W", "power"),
        Column("embodied_gco2e", "number", "gCO2e", "embodied_carbon"),
        Column("lifetime_h", "number", "h", "lifetime"),
        *PLACE_COLUMNS,
    ),
    "grids": (
        Column("id", required=True),
        Column("intensity_gco2e_per_kwh", "number", "gCO2e/kWh", "intensity", "gCO2e/kWh"),
        Column("region"),
        Column("year", "number"),
        Column("basis"),
        *PLACE_COLUMNS,
    ),
}

# One row per file: `root` is what the user asked to load (a folder, a file, an address) and is replaced as a whole.
SOURCE_COLUMNS: Final = (
    Column("address"),
    Column("root"),
    Column("format"),
    Column("sha256"),
    Column("title"),
    Column("url"),
    Column("licence"),
    Column("retrieved_at", "date"),
)


def _figure_columns() -> tuple[Column, ...]:
    columns: list[Column] = []
    for impact in IMPACTS.values():
        columns += [Column(impact.column + bound, "number", impact.unit) for bound in ("", "_lo", "_hi")]
        stem = impact.column.rsplit("_", 1)[0]
        columns += [Column(f"{stem}_tier"), Column(f"{stem}_source")]
    return tuple(columns)


# What `resolve` makes. Products are sorted by id; `product`, `parent` and `platform` are row numbers of products.
GRAPH_TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "products": (
        Column("id", required=True),
        Column("kind"),
        Column("known", "flag"),  # False: only named as a parent, no source describes it
        *_PRODUCT_FACTS,
        *_figure_columns(),
    ),
    "edges": (
        Column("product", "count", required=True),
        Column("parent", "count", required=True),
        Column("type"),
        *_EDGE_FACTS,
        Column("weight_source"),  # explicit, metadata or job; empty where the policy decides
        Column("citation"),
    ),
    "jobs": (
        Column("id", required=True),
        Column("product", "count", required=True),
        *(Column("platform", "count") if item.name == "platform" else item for item in _JOB_FACTS),
        Column("citation"),
    ),
    "systems": tuple(item for item in CLAIM_TABLES["systems"] if item.name not in ("place", "source")),
    "grids": tuple(item for item in CLAIM_TABLES["grids"] if item.name not in ("place", "source")),
}

_EDGE_TYPES: Final = {
    ("model", "model"): "DERIVED_FROM",
    ("model", "dataset"): "TRAINED_ON",
    ("dataset", "dataset"): "DERIVED_FROM",
    ("dataset", "model"): "GENERATED_BY",
}


def edge_type(product_kind: str, parent_kind: str) -> str:
    """Return the relationship type between two kinds of product.

    >>> edge_type("model", "dataset"), edge_type("dataset", "model"), edge_type("model", "platform")
    ('TRAINED_ON', 'GENERATED_BY', 'BUILT_ON')
    """
    if parent_kind == "platform":
        return "BUILT_ON"
    return _EDGE_TYPES.get((product_kind, parent_kind), "DERIVED_FROM")


def split_id(product_id: str) -> tuple[str, str]:
    """Split "kind:name"; an id without one of our kinds raises ValueError.

    >>> split_id("model:google/t5")
    ('model', 'google/t5')
    """
    kind, colon, name = product_id.partition(":")
    if not colon or kind not in LABELS or not name.strip():
        raise ValueError(f"{product_id!r} is not KIND:NAME with one of the kinds {', '.join(KINDS)}")
    return kind, name


def kind_of(product_id: str) -> str:
    """Return the kind of an id that is already known to be well formed."""
    return product_id.partition(":")[0]


def tier_rank(tier: str | None) -> int:
    """Return 0 for the best evidence; None counts as unknown.

    >>> tier_rank("measured") < tier_rank("reported") < tier_rank(None)
    True
    """
    return TIERS.index(tier) if tier in TIERS else len(TIERS) - 1


def column(table: tuple[Column, ...], name: str) -> Column:
    """Return a column of a table by name."""
    return next(item for item in table if item.name == name)
