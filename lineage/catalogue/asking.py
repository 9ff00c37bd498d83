"""Asking a store a question of the catalogue: products by bare names too, wrong ones answered with close ones."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from lineage.catalogue.header import Entry
from lineage.catalogue.shelf import entry
from lineage.catalogue.values import bound
from lineage.errors import UnknownProduct
from lineage.schema import KINDS

if TYPE_CHECKING:
    from lineage.stores.base import AnswersCypher
    from lineage.stores.result import Result

__all__ = ["PRODUCT_PARAMETERS", "ask", "with_product_ids"]

PRODUCT_PARAMETERS: Final = ("product", "parent", "products")  # these parameters hold product ids

_CANDIDATES: Final = (
    "UNWIND $ids AS id MATCH (p:Product {id: id}) RETURN DISTINCT p.id AS id ORDER BY id LIMIT $top"
)
_EVERY_ID: Final = "MATCH (p:Product) RETURN p.id AS id ORDER BY id LIMIT $top"
_MOST: Final = 200_000  # ids that are looked through for a close name


def ask(
    store: "AnswersCypher",
    name: str,
    /,
    *,
    limit: int | None = None,
    timeout_s: float | None = None,
    **values: Any,
) -> "Result":
    """Answer a question of the catalogue, such as `ask(store, "ancestors", product="distilbert").to_pandas()`.

    Raises `OptionError` for a wrong name or parameter, `UnknownProduct` for a product that is not there, and as
    `store.cypher` does.
    """
    asked = entry(name)
    parameters = with_product_ids(store, asked, bound(asked.parameters, values, query=asked.name))
    return store.cypher(asked.text, parameters, limit=limit, timeout_s=timeout_s)


def with_product_ids(store: "AnswersCypher", asked: Entry, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with every product named by its id: `kind:name`.

    A bare name is completed where it is one product's. Raises `UnknownProduct`, with close names, or with the
    candidates where several fit.
    """
    made = dict(values)
    for parameter in asked.parameters:
        if parameter.name not in PRODUCT_PARAMETERS:
            continue
        value = made[parameter.name]
        names = value if isinstance(value, list) else [value]
        found = [_product_id(store, name) for name in names]
        made[parameter.name] = found if isinstance(value, list) else found[0]
    return made


def _product_id(store: "AnswersCypher", name: str) -> str:
    written = [name] if name.partition(":")[0] in KINDS else [f"{kind}:{name}" for kind in KINDS]
    hits = _ids(store, _CANDIDATES, ids=written, top=len(written))
    if len(hits) == 1:
        return hits[0]
    raise UnknownProduct(name, [] if hits else _ids(store, _EVERY_ID, top=_MOST), hits)


def _ids(store: "AnswersCypher", text: str, **parameters: Any) -> list[str]:
    return [row["id"] for row in store.cypher(text, parameters)]
