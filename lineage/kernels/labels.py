"""Texts of a column as arrays: few different ones by code, many different ones end to end; no object per row."""

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np

from lineage.kernels.arrays import Flags, Offsets

__all__ = ["Labels", "Texts"]

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
SmallCodes = np.ndarray[Any, np.dtype[Any]]  # of any integer type


class Labels(Sequence[str]):
    """Texts of which few are different: `names[codes[i]]`, (n,). Rows can be changed, to one of the names.

    >>> tiers = Labels(np.array([0, 1, 0]), ("unknown", "reported"))
    >>> tiers[1], list(tiers), tiers.where("unknown").tolist()
    ('reported', ['unknown', 'reported', 'unknown'], [True, False, True])
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, codes: SmallCodes, names: Sequence[str]) -> None:
        self.codes, self.names = codes, tuple(names)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> "Labels": ...
    def __getitem__(self, at: int | slice) -> "str | Labels":
        """Return the text of a row."""
        if isinstance(at, slice):
            return Labels(self.codes[at], self.names)
        return self.names[int(self.codes[at])]

    def __setitem__(self, at: int, name: str) -> None:
        self.codes[at] = self.names.index(name)

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[str]:
        return map(self.names.__getitem__, self.codes.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __repr__(self) -> str:
        return repr(list(self))

    def where(self, name: str) -> Flags:
        """Return which rows have a text, (n,)."""
        if name not in self.names:
            return np.zeros(len(self.codes), np.bool_)
        return np.asarray(self.codes == self.names.index(name), np.bool_)


class Texts(Sequence[str]):
    """Texts end to end: row i is `data[offsets[i]:offsets[i + 1]]` in UTF-8; nothing is decoded before it is asked for.

    >>> words = Texts(np.array([0, 1, 3]), np.frombuffer(b"abc", np.uint8))
    >>> words[1], list(words), words.find("bc"), words.find("b")
    ('bc', ['a', 'bc'], 1, None)
    """

    def __init__(self, offsets: Offsets, data: Bytes) -> None:
        self.offsets, self.data = offsets, data

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return the text of a row."""
        if isinstance(at, slice):
            return [self[row] for row in range(*at.indices(len(self)))]
        row = at if at >= 0 else at + len(self)
        return self._bytes(row).decode()

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def find(self, text: str) -> int | None:
        """Return the row of a text among texts that are sorted, and each there once; None where it is not there."""
        wanted = text.encode("utf-8", "surrogatepass")
        low, high = 0, len(self)
        while low < high:  # the order of code points is the order of the bytes of UTF-8
            middle = (low + high) // 2
            if self._bytes(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._bytes(low) == wanted else None

    def _bytes(self, row: int) -> bytes:
        return self.data[int(self.offsets[row]) : int(self.offsets[row + 1])].tobytes()
