"""Records of the Hub, models and data sets, collected straight into columns.

One list per column instead of one dict per row: a crawl of the Hub has hundreds of thousands of records, and
reading it should take little longer than parsing its JSON. What only some records have (card data, file
sizes) is read by `_hub_details`.
"""

from collections.abc import Mapping
from typing import Any, Final, NoReturn

import pyarrow as pa

from lineage.claims import ARROW_TYPES, Claims, ClaimsBuilder, Source, conform
from lineage.errors import ImportFault
from lineage.findings import CODES, Finding
from lineage.schema import CLAIM_TABLES
from lineage_importers._hub_columns import checked_counts, checked_dates, checked_texts, shown, within
from lineage_importers._hub_keys import PLAIN_KEYS, has_adapter, kind_of_record
from lineage_importers._hub_parents import RELATIONS_OF_THE_HUB, guessed_relation, parent_of

__all__ = ["Records"]

NAME_CHARACTERS: Final = 256  # the Hub allows 96

# Column of the claims -> key of the record.
TEXTS: Final = {"uid": "_id", "pipeline_tag": "pipeline_tag", "library_name": "library_name"}
COUNTS: Final = {"downloads": "downloads", "likes": "likes"}
COLUMNS: Final = ("id", "place", "license", "created_at", *TEXTS, *COUNTS)
EDGE_COLUMNS: Final = ("product", "parent", "relation", "tier", "place")

Stated = dict[str, str | None]  # parent -> the relation that the record states


class Records:
    """Collects records; `done` makes claims of them.

    `kind` is given where the source holds one kind only and its records do not say; `strict` makes wrong
    types in card data a fault instead of a finding (one file, one card: its author can repair it).
    """

    def __init__(self, source: Source, *, kind: str | None = None, strict: bool = False) -> None:
        self.source = source
        self.kind = kind
        self.strict = strict
        self.findings: list[Finding] = []
        self.columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        self.further: dict[str, dict[int, Any]] = {}  # column -> row -> value, for what few records have
        self.edges: dict[str, list[Any]] = {name: [] for name in EDGE_COLUMNS}
        self._add = tuple(values.append for values in self.columns.values())
        self._add_edge = tuple(values.append for values in self.edges.values())
        self._clean: dict[str, str] = {}  # text of a parent -> its id, where nothing has to be cleaned
        self._clean_datasets: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.columns["id"])

    # -- one record ----------------------------------------------------------------------------------------

    def add(self, record: Any, place: str, places: Mapping[str, str] | None = None) -> None:
        """Take over one record of the Hub's API. Raises `ImportFault` with place and JSON path.

        `places` gives keys of the card data a place of their own. The types of single values are checked by
        `done`, a column at a time.
        """
        try:
            name = record["id"] if "id" in record else record["modelId"]
            tags = record.get("tags") or ()
            "\n".join(tags)  # refuses anything but text
            plain = name.isprintable() and 0 < len(name) <= NAME_CHARACTERS and " " not in name
        except (TypeError, AttributeError, KeyError):
            plain = False
        if not plain or type(tags) not in (list, tuple):
            self._refuse_shape(record, place)
        kind = "model" if "modelId" in record else self.kind or kind_of_record(record, tags)
        product = f"{kind}:{name}"
        parents: Stated = {}
        datasets: Stated = {}
        licences = self._read_tags(product, tags, parents, datasets, place) if tags else []
        if not record.keys() <= PLAIN_KEYS or kind == "dataset":
            from lineage_importers._hub_details import Details

            details = Details(self, record, product, place, places or {})
            licences = details.read(parents, datasets) or licences
        if parents:
            at = places.get("base_model", place) if places else place
            self._add_parents(product, parents, record, at)
        if datasets:
            at = places.get("datasets" if kind == "model" else "source_datasets", place) if places else place
            for dataset in datasets:
                self._append_edge(product, dataset, None, "reported", at)
        get = record.get
        add_id, add_place, add_license, add_date, add_uid, add_task, add_library, add_downloads, add_likes = (
            self._add
        )
        add_id(product)
        add_place(place)
        add_license(licences[0] if len(licences) == 1 else ";".join(licences) or None)
        add_date(get("createdAt"))
        add_uid(get("_id"))
        add_task(get("pipeline_tag"))
        add_library(get("library_name"))
        add_downloads(get("downloads"))
        add_likes(get("likes"))

    def _read_tags(self, product: str, tags: Any, parents: Stated, datasets: Stated, place: str) -> list[str]:
        """Take parents and data sets from the tags; return the licences."""
        licences: list[str] = []
        for tag in tags:
            if ":" not in tag:
                continue
            key, _, value = tag.partition(":")
            if key == "base_model":
                parent = self._clean.get(value)
                if parent is None or parent in parents:
                    self._read_parent(product, value, parents, place)
                else:
                    parents[parent] = None
            elif key == "dataset":
                dataset = self._clean_datasets.get(value)
                if dataset is None or dataset in datasets:
                    self.add_dataset(product, value, datasets, place)
                else:
                    datasets[dataset] = None
            elif key == "license" and value not in licences:
                licences.append(value)
        return licences

    def _read_parent(self, product: str, value: str, parents: Stated, place: str) -> None:
        """Read `base_model:PARENT` or `base_model:RELATION:PARENT`; the Hub writes both for one edge."""
        word, _, rest = value.partition(":")
        relation = RELATIONS_OF_THE_HUB.get(word) if rest else None
        self.add_parent(product, rest if relation else value, parents, place, relation=relation)

    def add_parent(
        self, product: str, text: str, parents: Stated, place: str, *, relation: str | None = None
    ) -> None:
        """Note a parent that a record names; what cannot be one is a finding that keeps the text."""
        parent = self._clean.get(text) or self._resolved(product, text, "model", place)
        if parent is None:
            return
        if parent not in parents or (parents[parent] is None and relation):
            parents[parent] = relation
        elif parents[parent] == relation:
            self.note(
                "repeated-record",
                f"{product} <- {parent}",
                "the record names this parent twice; it counts once",
                place,
            )
        elif relation:
            text = f"called {parents[parent]} and {relation} in one record; the first is kept"
            self.note("conflicting-value", f"{product} <- {parent}", text, place)

    def add_dataset(self, product: str, text: str, datasets: Stated, place: str) -> None:
        """Note a data set that a record names."""
        dataset = self._clean_datasets.get(text) or self._resolved(product, text, "dataset", place)
        if dataset is not None and dataset in datasets:
            self.note(
                "repeated-record",
                f"{product} <- {dataset}",
                "the record names this data set twice; it counts once",
                place,
            )
        elif dataset is not None:
            datasets[dataset] = None

    def _resolved(self, product: str, text: str, kind: str, place: str) -> str | None:
        parent = parent_of(text, kind)
        if parent.id is None:
            shown = text if len(text) <= NAME_CHARACTERS else text[:NAME_CHARACTERS] + "..."
            self.note(
                "unresolved-parent",
                product,
                f"{kind} {shown!r} is {parent.reason}; the edge is left out",
                place,
            )
            return None
        if parent.repair:
            self.note("repaired-value", f"{product} <- {parent.id}", parent.repair, place)
        else:
            (self._clean if kind == "model" else self._clean_datasets)[text] = parent.id
        return parent.id

    def _add_parents(self, product: str, parents: Stated, record: Any, place: str) -> None:
        """Write the edges to models; where the record states no relation it is inferred, with a finding each."""
        guess: tuple[str, str] | None = None
        if None in parents.values() and product.startswith("model:"):
            library = record.get("library_name")
            adapter = library == "peft" or has_adapter(record)
            guess = guessed_relation(product, record.get("tags") or (), len(parents), adapter=adapter)
        for parent, said in parents.items():
            if said:
                self._append_edge(product, parent, said, "reported", place)
            elif guess is None:
                self._append_edge(product, parent, "unknown", None, place)
            else:
                relation, why = guess
                self._append_edge(product, parent, relation, None, place)
                subject = f"{product} <- {parent}"
                self.findings.append(
                    Finding("guessed-relation", "info", subject, why, self.source.address, place)
                )

    def _append_edge(
        self, product: str, parent: str, relation: str | None, tier: str | None, place: str
    ) -> None:
        add_product, add_parent, add_relation, add_tier, add_place = self._add_edge
        add_product(product)
        add_parent(parent)
        add_relation(relation)
        add_tier(tier)
        add_place(place)

    # -- findings and faults -------------------------------------------------------------------------------

    def note(self, code: str, subject: str, text: str, place: str) -> None:
        """Record a finding."""
        self.findings.append(Finding(code, CODES[code][0], subject, text, self.source.address, place))

    def fault(self, place: str, problem: str) -> ImportFault:
        """Return the error for a place in this source."""
        return ImportFault(self.source.address, place, problem)

    def _refuse_shape(self, record: Any, place: str) -> NoReturn:
        """Raise the `ImportFault` that names what is wrong with a record's id or tags."""
        if not isinstance(record, dict):
            raise self.fault(place, f"an object expected, not {shown(record)}")
        key = "id" if "id" in record else "modelId"
        name = record.get(key)
        if name is None:
            raise self.fault(within(place, "id"), "the record has no id")
        if not isinstance(name, str):
            raise self.fault(within(place, key), f"text expected, not {shown(name)}")
        if len(name) > NAME_CHARACTERS:
            raise self.fault(within(place, key), f"a name of {len(name):,} characters; the Hub allows 96")
        if not name.isprintable() or not name or " " in name:
            raise self.fault(within(place, key), f"{name!r} is no id of the Hub; use OWNER/NAME")
        tags = record.get("tags")
        if not isinstance(tags, list):
            raise self.fault(within(place, "tags"), f"a list expected, not {shown(tags)}")
        number = next(number for number, tag in enumerate(tags) if not isinstance(tag, str))
        raise self.fault(within(place, f"tags[{number}]"), f"text expected, not {shown(tags[number])}")

    # -- columns -------------------------------------------------------------------------------------------

    def done(self) -> Claims:
        """Return what was collected as claims. Raises `ImportFault` for a value of the wrong type."""
        empty = ClaimsBuilder(self.source).done()
        self._note_repeats()
        arrays = {name: pa.array(self.columns[name], pa.string()) for name in ("id", "place", "license")}
        for name, key in TEXTS.items():
            arrays[name] = checked_texts(self, self.columns[name], key)
        for name, key in COUNTS.items():
            arrays[name] = checked_counts(self, self.columns[name], key)
        arrays["created_at"] = checked_dates(self, self.columns["created_at"])
        for name, values in sorted(self.further.items()):
            arrays[name] = pa.array([values.get(row) for row in range(len(self))], _type(name))
        edges = {name: pa.array(values, pa.string()) for name, values in self.edges.items()}
        tables = {
            **empty.tables,
            "products": _table("products", arrays, len(self)),
            "edges": _table("edges", edges, len(self.edges["product"])),
        }
        return Claims(empty.sources, tables, tuple(self.findings))

    def _note_repeats(self) -> None:
        ids = self.columns["id"]
        if len(set(ids)) == len(ids):
            return
        seen: set[str] = set()
        for product, place in zip(ids, self.columns["place"], strict=True):
            if product in seen:
                self.note(
                    "repeated-record",
                    product,
                    "stands here again; the later one counts where they differ",
                    place,
                )
            seen.add(product)


def _type(name: str) -> Any:
    kinds = {item.name: item.type for item in CLAIM_TABLES["products"]}
    if name in kinds:
        return ARROW_TYPES[kinds[name]]
    return pa.float64() if name in ("likes", "downloads_all_time") else pa.string()


def _table(name: str, arrays: dict[str, Any], rows: int) -> Any:
    source = pa.array([0] * rows, pa.int32())
    return conform(pa.table({**arrays, "source": source}), CLAIM_TABLES[name])
