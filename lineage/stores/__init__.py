"""Where a graph lives: one address opens any store.

=================  ==================================================================================
`memory:`          columns in RAM, gone with the process
a folder           a snapshot store (docs/store.md), made when something is first written to it
FOLDER@NUMBER      an older snapshot of it, read-only, such as `lineage.store@000007`
=================  ==================================================================================
"""

import re
from pathlib import Path

from lineage.errors import StoreError, did_you_mean
from lineage.stores.base import Snapshot, Store

__all__ = ["Snapshot", "Store", "connect"]

_EXISTING = "there are memory:, a folder, and FOLDER@NUMBER for an older snapshot"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(//.*)?", re.DOTALL)
_SNAPSHOT = re.compile(r"(.+)@([0-9]{6,})", re.DOTALL)


def connect(address: str | Path) -> Store:
    """Open the store at an address; use it as a context manager.

    Nothing is made before the first `write`. A folder whose own name ends in "@" and six digits is taken as
    that folder. Raises `StoreError` for an address of no known kind, and for a folder that holds something
    else.

    >>> with connect("memory:") as store:
    ...     store.address
    'memory:'
    """
    text = str(address)
    if text == "memory:":
        from lineage.stores.memory import MemoryStore

        return MemoryStore()
    scheme = _SCHEME.fullmatch(text) or re.match("(memory):", text)
    if scheme:
        hint = did_you_mean(f"{scheme[1]}:", ["memory:"])
        raise StoreError(f"no store opens with the address {text!r}{hint}; {_EXISTING}")
    if not text.strip() or "\0" in text:
        raise StoreError(f"{text!r} is no address of a store; {_EXISTING}")
    from lineage.stores.snapshot import SnapshotStore

    older = _SNAPSHOT.fullmatch(text)
    if older and not Path(text).exists():
        return SnapshotStore(Path(older[1]), int(older[2]))
    return SnapshotStore(Path(text))
