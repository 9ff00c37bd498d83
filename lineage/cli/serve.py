"""The command `serve`."""

import os
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage.cli.opening import opened
from lineage.cli.options import remember, store_option, talk_options
from lineage.cli.progress import progress_bar
from lineage.errors import StoreError, StoreUnavailable
from lineage.reports.escaping import visible

if TYPE_CHECKING:
    from lineage.stores.index import Access, OfflineIndex

__all__ = ["serve_command"]

LOOK_S = 0.5


@click.command("serve")
@store_option
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The port to answer on; by default any that is free."
)
@click.option(
    "--output",
    "output_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write how to connect, as NEO4J_URI=... lines, to a file that only you can read, instead of printing it.",
)
@talk_options
def serve_command(
    address: str, port: int | None, output_file: Path | None, quiet: bool, verbose: bool
) -> None:
    """Answer Cypher on a folder, for notebooks and any Bolt client, until Ctrl-C. Only this machine can connect.

    The graph can only be read. Needs the extra cypher.

    \b
    Example:
      lineage serve
      lineage serve --store lineage.store --port 7688
    """
    remember(quiet=quiet, verbose=verbose)
    with opened(address) as store:
        from lineage.stores.memory import MemoryStore
        from lineage.stores.snapshot import SnapshotStore

        if not isinstance(store, (SnapshotStore, MemoryStore)):
            raise StoreError(f"{store.address} is a server already; connect to it, or serve a folder")
        from lineage.cli.query import advise_where_large
        from lineage.stores.index import open_index

        with (
            _stop_asked() as stop,
            progress_bar(quiet=quiet) as bar,
            open_index(store, progress=bar, port=port, lasting=True) as index,
        ):
            access = index.start()
            bar.close()
            if not quiet:
                advise_where_large(store)
            with _handed_out(store.address, access, output_file):
                _wait(index, stop, quiet=quiet)
    if not quiet:
        click.echo("stopped", err=True)


@contextmanager
def _stop_asked() -> Iterator[threading.Event]:
    """Yield an event that is set by Ctrl-C and by a polite request to end."""
    stop = threading.Event()

    def ask(number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _handed_out(store: str, access: "Access", file: Path | None) -> Iterator[None]:
    """Say how to connect: on the terminal, or in a file that goes again with the server."""
    if file is None:
        click.echo(_welcome(store, access))
        sys.stdout.flush()
        yield
        return
    login = access.login
    lines = [
        f"NEO4J_URI={access.address}",
        f"NEO4J_USERNAME={login.username}",
        f"NEO4J_PASSWORD={login.password}",
        f"NEO4J_DATABASE={login.database}",
    ]
    # Never there with wider rights, nor half written.
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as stream:
        stream.write("\n".join(lines) + "\n")
    new.replace(file)
    click.echo(f"Cypher on {visible(store)}, read-only, until Ctrl-C: {access.address}")
    sys.stdout.flush()
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _wait(index: "OfflineIndex", stop: threading.Event, *, quiet: bool) -> None:
    """Wait for the end; say once when the store has a newer graph than the one that is answered about."""
    said = quiet
    while not stop.wait(LOOK_S):
        if index.process_id is None:
            raise StoreUnavailable("the engine of the offline index ended; start lineage serve again")
        if not said and index.is_outdated():
            click.echo(
                "note: the store has changed; start lineage serve again for its newest state", err=True
            )
            said = True


def _welcome(store: str, access: "Access") -> str:
    login = access.login
    return "\n".join(
        [
            f"Cypher on {visible(store)}, read-only, until Ctrl-C:",
            f"  address   {access.address}",
            f"  user      {login.username}",
            f"  password  {login.password}",
            f"  database  {login.database}",
            f"  engine    {access.engine}",
            "",
            "In a notebook:",
            "  from neo4j import GraphDatabase",
            f'  driver = GraphDatabase.driver("{access.address}", auth=("{login.username}", "{login.password}"))',
            f'  driver.execute_query("MATCH (m:Model) RETURN m.id LIMIT 5", database_="{login.database}").records',
        ]
    )
