"""What only some records of the Hub have: card data, stated relations, file sizes, emissions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lineage.errors import ImportFault
from lineage.schema import IMPACTS, RELATIONS
from lineage_importers import _hub_emissions, _json
from lineage_importers._hub_columns import is_count, shown, within
from lineage_importers._hub_parents import RELATIONS_OF_THE_HUB, listed
from lineage_importers._own_block import own_figures

if TYPE_CHECKING:
    from lineage_importers._hub_records import Records, Stated

__all__ = ["Details"]

IMPACT_COLUMNS: Final = frozenset(impact.column for impact in IMPACTS.values())
TEXT_KEYS: Final = ("sha", "new_version")


@dataclass(frozen=True, slots=True)
class Details:
    """One record on the long way; `places` gives keys of the card data their own place (a line)."""

    records: "Records"
    record: Mapping[str, Any]
    product: str
    place: str
    places: Mapping[str, str]

    def read(self, parents: "Stated", datasets: "Stated") -> list[str]:
        """Add to the parents and data sets what the tags did not say; return the licences of the card."""
        card = self._card()
        if self.product.startswith("dataset:"):
            self._read_origins(card, datasets)
        else:
            self._read_base_models(card, parents)
            self._read_datasets(card, datasets)
        self._read_facts(card)
        figures = _hub_emissions.figures(self, card.get("co2_eq_emissions"))
        ours = own_figures(card.get("lineage_epc"))
        if ours:  # the same figure with its bounds, which the Hub's own key cannot hold
            figures = {name: value for name, value in figures.items() if name not in IMPACT_COLUMNS} | ours
        for column, value in figures.items():
            self.keep(column, value)
        return [text for text in self._texts(card.get("license"), "license") if text]

    # -- parents -------------------------------------------------------------------------------------------

    def _read_base_models(self, card: Mapping[str, Any], parents: "Stated") -> None:
        known = self._tagged("base_model:")
        stated = self._relation(card.get("base_model_relation"), "base_model_relation")
        for text in self._texts(card.get("base_model"), "base_model"):
            if text not in known:
                known.add(text)
                self.records.add_parent(self.product, text, parents, self.at("base_model"), relation=stated)
        tree = self.record.get("baseModels")
        if tree is not None:
            stated = self._read_tree(tree, parents, known) or stated
        if stated:
            parents.update({parent: said or stated for parent, said in parents.items()})

    def _read_tree(self, tree: Any, parents: "Stated", known: set[str]) -> str | None:
        """Read `baseModels`: a relation with models, or with ids in trimmed dumps."""
        if not isinstance(tree, dict):
            raise self.records.fault(
                within(self.place, "baseModels"), f"an object expected, not {shown(tree)}"
            )
        relation = self._relation(tree.get("relation"), "baseModels.relation")
        for key in ("models", "ids"):
            if not isinstance(tree.get(key), list | None):
                place = within(self.place, f"baseModels.{key}")
                raise self.records.fault(place, f"a list expected, not {shown(tree[key])}")
        models = tree.get("models") or []
        ids = [item.get("id") if isinstance(item, dict) else item for item in models] + list(
            tree.get("ids") or []
        )
        for text in self._texts(ids, "baseModels"):
            if text not in known:
                known.add(text)
                self.records.add_parent(self.product, text, parents, self.at("baseModels"), relation=relation)
        return relation

    def _relation(self, value: Any, key: str) -> str | None:
        if value is None:
            return None
        relation = RELATIONS_OF_THE_HUB.get(value) if isinstance(value, str) else None
        if relation is None and value in RELATIONS:
            return str(value)
        if relation is None:
            words = ", ".join(RELATIONS_OF_THE_HUB)
            self._ignore(key, f"{shown(value)} is no relation of the Hub ({words}); left out")
        return relation

    def _read_datasets(self, card: Mapping[str, Any], datasets: "Stated") -> None:
        known = self._tagged("dataset:")
        for text in self._texts(card.get("datasets"), "datasets"):
            if text not in known:
                known.add(text)
                self.records.add_dataset(self.product, text, datasets, self.at("datasets"))

    def _read_origins(self, card: Mapping[str, Any], datasets: "Stated") -> None:
        """Read `source_datasets` of a data set: original, extended|ID, or an id."""
        texts = dict.fromkeys(self._tagged("source_datasets:"))
        texts |= dict.fromkeys(self._texts(card.get("source_datasets"), "source_datasets"))
        for text in sorted(texts):
            name = text.strip().removeprefix("extended|").strip()
            if name not in ("original", "extended", ""):
                self.records.add_dataset(self.product, name, datasets, self.at("source_datasets"))

    def _tagged(self, prefix: str) -> set[str]:
        """Return the values of the tags with a prefix: the Hub copies card data there."""
        tags = self.record.get("tags") or ()
        found = {tag[len(prefix) :] for tag in tags if tag.startswith(prefix)}
        return found | {
            value.partition(":")[2] for value in found if value.partition(":")[0] in RELATIONS_OF_THE_HUB
        }

    # -- facts ---------------------------------------------------------------------------------------------

    def _read_facts(self, card: Mapping[str, Any]) -> None:
        sizes = self.record.get("safetensors")
        if isinstance(sizes, dict):
            self._keep_count("parameters", _total(sizes), "safetensors.total")
        elif sizes is not None:
            raise self.records.fault(
                within(self.place, "safetensors"), f"an object expected, not {shown(sizes)}"
            )
        self._keep_count("downloads_all_time", self.record.get("downloadsAllTime"), "downloadsAllTime")
        for key in TEXT_KEYS:
            value = self.record.get(key, card.get(key))
            if isinstance(value, str):
                self.keep(key, value)
            elif value is not None:
                self._ignore(key, f"text expected, not {shown(value)}; left out")

    def _keep_count(self, column: str, value: Any, key: str) -> None:
        if value is None:
            return
        if not is_count(value):
            problem = f"a whole number from 0 to 2^53 expected, not {shown(value)}"
            raise self.records.fault(within(self.place, key), problem)
        self.keep(column, float(value))

    def keep(self, column: str, value: Any) -> None:
        """Put a value into the row that this record will get."""
        self.records.further.setdefault(column, {})[len(self.records)] = value

    # -- card data -----------------------------------------------------------------------------------------

    def at(self, key: str) -> str:
        """Return the place of a key of the card data."""
        return self.places.get(key, self.place)

    def _card(self) -> Mapping[str, Any]:
        """Return the card data: an object, or JSON text as in the dumps."""
        card = self.record.get("cardData")
        if card is None:
            return {}
        if isinstance(card, str):
            try:
                card = _json.parsed(card, self.records.source.address)
            except ImportFault as problem:
                raise self.records.fault(within(self.place, "cardData"), problem.problem) from None
        if not isinstance(card, dict):
            raise self.records.fault(within(self.place, "cardData"), f"an object expected, not {shown(card)}")
        return card

    def _texts(self, value: Any, key: str) -> Iterator[str]:
        """Yield the texts of a text or a list of texts; nulls are left out with a finding."""
        if value is None:
            return
        if isinstance(value, str):
            several = listed(value)
            if several is not None:
                self.note(
                    "repaired-value",
                    key,
                    f"{shown(value)} is a list written as text; read as {len(several)} names",
                )
                yield from several
            else:
                yield value
            return
        if not isinstance(value, list):
            self.refuse(key, f"text or a list of texts expected, not {shown(value)}")
            return
        for number, item in enumerate(value):
            if isinstance(item, str):
                yield item
            elif item is None:
                self._ignore(key, f"item {number + 1} is null; left out")
            else:
                self.refuse(key, f"item {number + 1}: text expected, not {shown(item)}")

    def refuse(self, key: str, problem: str) -> None:
        """Raise `ImportFault` in a card of its own; among many records, leave the value out with a finding."""
        if self.records.strict:
            raise self.records.fault(f"{self.at(key)}, key {key}", problem)
        self._ignore(key, f"{problem}; left out")

    def _ignore(self, key: str, text: str) -> None:
        self.note("ignored-value", key, text)

    def note(self, code: str, key: str, text: str) -> None:
        """Record a finding about a key of this record."""
        self.records.note(code, self.product, f"{key}: {text}", self.at(key))


def _total(sizes: Mapping[str, Any]) -> Any:
    """Return the number of parameters; without a total, the sum over the number types."""
    if sizes.get("total") is not None:
        return sizes["total"]
    parts = sizes.get("parameters")
    if isinstance(parts, dict) and parts and all(is_count(value) for value in parts.values()):
        return sum(parts.values())
    return None
