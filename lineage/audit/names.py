"""Which products belong to one family, as far as their names tell."""

import re
from functools import lru_cache
from typing import Final

__all__ = ["family", "is_sized", "is_total", "owner", "total_of"]

_SIZE: Final = re.compile(r"\d+(\.\d+)?(x\d+(\.\d+)?)?[bmkt]$|\d+b\d+$")
_SIZES: Final = frozenset(
    {"tiny", "mini", "nano", "small", "base", "medium", "large", "xlarge", "huge", "xl", "xxl", "xs"}
    | {"giant", "big", "cased", "uncased"}
)
_GENERIC: Final = frozenset(
    {"all", "total", "totals", "family", "series", "programme", "program", "project", "suite", "models"}
    | {"model", "collection", "sum"}
)
# Those of the generic names that nothing but a total has: a model may be called "base-model" or "project-x".
_TOTALS: Final = frozenset(
    {"all", "total", "totals", "family", "programme", "program", "suite", "models", "sum"}
)


def owner(product_id: str) -> str:
    """Return who publishes a product, as far as its name tells; "" where it does not.

    >>> owner("model:meta-llama/Llama-2-7b"), owner("model:llama-2")
    ('meta-llama', '')
    """
    return product_id.rpartition(":")[2].rpartition("/")[0].lower()


@lru_cache(maxsize=100_000)
def _words(product_id: str) -> tuple[str, ...]:
    name = product_id.rpartition(":")[2].rpartition("/")[2].lower()
    return tuple(word for word in re.split(r"[-_ ,]+", name) if word)


def _is_size(word: str) -> bool:
    return word in _SIZES or _SIZE.match(word) is not None


def family(product_id: str) -> str:
    """Return the name of a product without its size: what the sizes of one model share.

    >>> family("model:meta-llama/Llama-2-7b"), family("model:it5-base"), family("model:bloom-7b1")
    ('llama-2', 'it5', 'bloom')
    """
    words = _words(product_id)
    return "-".join(word for word in words if not _is_size(word)) or "-".join(words)


def is_sized(product_id: str) -> bool:
    """Say whether a name holds the size of one model.

    >>> is_sized("model:llama-2-7b"), is_sized("model:llama-2")
    (True, False)
    """
    return any(_is_size(word) for word in _words(product_id))


def is_total(product_id: str) -> bool:
    """Say whether a name says that the product is several.

    >>> is_total("model:code-llama-12-models"), is_total("model:llama-2")
    (True, False)
    """
    return not _TOTALS.isdisjoint(_words(product_id))


def total_of(product_id: str) -> str:
    """Return the family that a name without a size may be the total of; "" for a name with one.

    >>> total_of("model:code-llama-12-models"), total_of("model:llama-2"), total_of("model:llama-2-7b")
    ('code-llama', 'llama-2', '')
    """
    words = [word for word in _words(product_id) if word not in _GENERIC]
    if is_sized(product_id) or not words:
        return ""
    counted = len(words) < len(_words(product_id)) and len(words) > 1 and words[-1].isdigit()
    return "-".join(words[:-1] if counted else words)
