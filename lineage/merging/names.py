"""Every product id that the claims name, once, with integer codes for where it stands."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.errors import GraphError
from lineage.merging.columns import Codes, Rows
from lineage.schema import KINDS

__all__ = ["Mention", "Names", "named"]

# Where ids stand: table, column.
Mention = tuple[str, str]
MENTIONS: tuple[Mention, ...] = (
    ("products", "id"),
    ("edges", "product"),
    ("edges", "parent"),
    ("jobs", "product"),
    ("jobs", "platform"),
)


@dataclass(frozen=True)
class Names:
    """Ids in order of first mention, and for each place the code of the id there (-1 where there is none)."""

    ids: list[str]
    codes: dict[Mention, Codes]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Id -> code."""
        return {name: code for code, name in enumerate(self.ids)}

    @cached_property
    def _first(self) -> Codes:
        """Position of the first mention of each id, all columns one behind the other."""
        flat = np.concatenate(list(self.codes.values()))
        stated = np.flatnonzero(flat >= 0)[::-1]
        first = np.empty(len(self.ids), dtype=np.int64)
        first[flat[stated]] = stated
        return first

    def first_mention(self, code: int) -> tuple[str, int]:
        """Return table and row of the first mention of an id."""
        table, row = "", int(self._first[code])
        for (table, _), codes in self.codes.items():  # noqa: B007 (the last one looked at is the answer)
            if row < len(codes):
                break
            row -= len(codes)
        return table, row


def named(rows: dict[str, Rows]) -> Names:
    """Collect the ids of all claims. Raises `GraphError` for an id without one of our kinds."""
    columns = [rows[table].array(column) for table, column in MENTIONS]
    coded = pc.dictionary_encode(pa.concat_arrays(columns))
    flat = np.asarray(pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    ids: list[str] = coded.dictionary.to_pylist()
    _check(coded.dictionary)
    bounds = np.cumsum([0, *(len(column) for column in columns)])
    codes = {mention: flat[bounds[i] : bounds[i + 1]] for i, mention in enumerate(MENTIONS)}
    for mention in MENTIONS[:-1]:
        if (codes[mention] < 0).any():
            raise GraphError(
                f"the {mention[0]} have a row without a value in {mention[1]!r}; every row needs one"
            )
    return Names(ids, codes)


def _check(ids: pa.Array) -> None:
    good = pc.match_substring_regex(ids, rf"^({'|'.join(KINDS)}):\s*\S")
    if not pc.all(good, min_count=0).as_py():
        bad = ids.filter(pc.invert(good))[0].as_py()
        raise GraphError(f"{bad!r} is not KIND:NAME with one of the kinds {', '.join(KINDS)}")
