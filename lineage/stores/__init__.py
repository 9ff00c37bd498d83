"""Where a graph lives: one address opens any store.

=================  ==================================================================================
`memory:`          columns in RAM, gone with the process
a folder           a snapshot store (docs/store.md), made when something is first written to it
FOLDER@NUMBER      an older snapshot of it, read-only, such as `lineage.store@000007`
neo4j://HOST:PORT  a Neo4j server (docs/neo4j.md); also neo4j+s, neo4j+ssc, bolt, bolt+s, bolt+ssc
=================  ==================================================================================
"""

import re
from collections.abc import Callable
from pathlib import Path

from lineage.errors import StoreError, did_you_mean
from lineage.stores.base import Snapshot, Store

__all__ = ["Snapshot", "Store", "connect"]

_EXISTING = "there are memory:, a folder, FOLDER@NUMBER for an older snapshot, and neo4j://HOST:PORT"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(//.*)?", re.DOTALL)
_SNAPSHOT = re.compile(r"(.+)@([0-9]{6,})", re.DOTALL)


def connect(address: str | Path, *, ask: Callable[[str], str] | None = None) -> Store:
    """Open the store at an address; use it as a context manager.

    Nothing is made before the first `write`, and no server is asked before the first call. A folder whose own
    name ends in "@" and six digits is taken as that folder. Where a server needs a password and NEO4J_PASSWORD does
    not say it, `ask` is called with the question. Raises `StoreError` for an address of no known
    kind, and for a folder that holds something else.

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
        from lineage.stores.bolt import SCHEMES, without_secret

        if scheme[1].lower() in SCHEMES:
            from lineage.stores.bolt import Login, bolt_address
            from lineage.stores.neo4j import Neo4jStore

            bolt_address(text)  # nobody is asked for the password of what is no address
            return Neo4jStore(text, Login.from_environment(ask=ask))
        hint = did_you_mean(f"{scheme[1]}:", ["memory:", *(f"{name}:" for name in SCHEMES)])
        raise StoreError(f"no store opens with the address {without_secret(text)!r}{hint}; {_EXISTING}")
    if not text.strip() or "\0" in text:
        raise StoreError(f"{text!r} is no address of a store; {_EXISTING}")
    from lineage.stores.snapshot import SnapshotStore

    older = _SNAPSHOT.fullmatch(text)
    if older and not Path(text).exists():
        return SnapshotStore(Path(older[1]), int(older[2]))
    return SnapshotStore(Path(text))
