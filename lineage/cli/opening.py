"""Opening a store from the command line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lineage.graph import Graph
    from lineage.stores.base import Store

__all__ = ["DEMO", "opened", "spare_pandas", "stored_graph"]

# The address of the bundled supply chain: a store that is there without loading anything, and is never changed.
DEMO: Final = "demo:"


class _NoPandas:
    """An import finder that knows only one thing: there is no pandas."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Refuse pandas, leave everything else to the finders after this one."""
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not wanted yet", name=name)


def spare_pandas() -> None:
    """Keep pyarrow from importing pandas, which it does on the first value it converts, only to look for its types.

    pyarrow looks once and remembers that pandas is not there; asked for a DataFrame later, it looks again. That
    spares every command about half a second. Nothing happens where pandas is loaded already.
    """
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        import pyarrow as pa

        pa.array([0])
    finally:
        sys.meta_path.remove(_NoPandas)


@contextmanager
def opened(address: str) -> "Iterator[Store]":
    """Open a store, or a copy in memory of the bundled supply chain. Raises `StoreError` with the way out."""
    spare_pandas()
    from lineage.stores import connect

    with connect("memory:" if address == DEMO else address, ask=_asked if _is_terminal() else None) as store:
        if address == DEMO:
            from lineage.demo import demo_graph

            store.write(demo_graph())
        yield store


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


@cache
def _asked(question: str) -> str:
    """Ask for a password, once for a command; what is typed is not shown. Nothing is for a server without logins."""
    import click

    answer: str = click.prompt(
        question, default="", show_default=False, hide_input=True, err=True, prompt_suffix=""
    )
    return answer


def stored_graph(address: str) -> "Graph":
    """Return the newest graph of a store. Raises `StoreError` where nothing was loaded yet."""
    with opened(address) as store:
        return store.read()
