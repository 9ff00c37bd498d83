"""Processes that publish to a store: what the tests of killing and of locking start."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from lineage.claims import ClaimsBuilder, Source
from lineage.graph import Graph, resolve
from lineage.stores import connect
from lineage.stores.snapshot import SnapshotStore

__all__ = ["Forked", "hold", "large", "load", "publish", "started"]


def large(which: int, rows: int = 1500) -> Graph:
    """Return a graph that differs from that of another `which` in every table, finding and claim."""
    build = ClaimsBuilder(Source(address=f"source-{which}.csv"))
    for number in range(rows):
        name = f"model:{which}-{number:05d}"
        build.product(name, downloads=number + which, license=f"licence {which}", own_energy_kwh=1.0 + which)
        build.edge(name, f"model:{which}-{number // 2:05d}")
    build.job(f"job:{which}", f"model:{which}-00001", "training", energy_kwh=1.0 + which)
    build.system(f"gpu-{which}", power_w=100.0 + which)
    build.grid(f"grid-{which}", intensity_gco2e_per_kwh=100.0 + which)
    return resolve(build.done())[0]


def publish(source: Path, address: Path) -> None:
    """Publish the graph of one store to another, with its claims."""
    with connect(source) as given, connect(address) as store:
        store.write(given.read())


def load(tables: Path, address: Path) -> None:
    """Run `lineage load --replace TABLES`."""
    from lineage.cli import main

    main(["load", str(tables), "--replace", "--store", str(address), "--quiet"], standalone_mode=False)


def hold(address: Path, ready: Connection) -> None:
    """Take the writer lock, say so, and keep it for ever."""
    with SnapshotStore(address).writing():
        ready.send("locked")
        ready.recv()


@dataclass
class Forked:
    """A process that runs a function; started within milliseconds, as its modules are loaded already."""

    process: ForkServerProcess

    def kill(self) -> None:
        self.process.kill()

    def wait(self) -> int | None:
        self.process.join()
        code = self.process.exitcode
        self.process.close()
        return code


def started(target: Callable[..., None], *args: object) -> Forked:
    """Start a function in a process of its own."""
    context = multiprocessing.get_context("forkserver")
    # What is installed only: the server that forks does not see the path of the tests.
    context.set_forkserver_preload(
        ["lineage.stores.snapshot", "lineage.cli.filling", "lineage_importers", "pandas"]
    )
    process = context.Process(target=target, args=args)
    process.start()
    return Forked(process)
