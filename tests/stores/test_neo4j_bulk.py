"""The files of the bulk path, loaded by Neo4j's own import tool."""

from pathlib import Path

import pytest

from bolt_servers import Neo4jServer, NotAvailable
from lineage.claims import ClaimsBuilder, Source
from lineage.errors import StoreError
from lineage.graph import Graph, resolve
from lineage.stores import connect
from lineage.stores.bolt import Login
from lineage.stores.neo4j import Neo4jStore
from lineage.stores.neo4j_bulk import write_bulk_files
from lineage.testing.specimens import HOSTILE_NAMES, family, family_claims
from many_products import many_tables
from offline import python


def everything() -> Graph:
    """Return a graph with every table, and the texts of strangers wherever one may stand."""
    build = ClaimsBuilder(Source(address="hostile.csv", title='a "title", with\na line'))
    for number, name in enumerate(name for name in HOSTILE_NAMES if "\0" not in name):
        build.product(f"model:{number} {name}", license=name, colour=name, empty="", size=float("1e-17"))
        build.edge(f"model:{number} {name}", "model:base", note=name)
    build.product("model:extremes", size=1.7976931348623157e308)
    build.product("model:tiny", size=5e-324)
    from lineage.claims import Claims

    return resolve(Claims.concat([family_claims(), build.done()]))[0]


def test_files_and_the_command(tmp_path: Path) -> None:
    made = write_bulk_files(family(), tmp_path / "new")
    assert made.command[:5] == ("neo4j-admin", "database", "import", "full", "neo4j")
    assert "--nodes=Lineage:Product:Model=nodes-Model-header.csv,nodes-Model.csv" in made.command
    assert "--relationships=TRAINED_ON=edges-TRAINED_ON-header.csv,edges-TRAINED_ON.csv" in made.command
    named = {name for part in made.command if "=" in part for name in part.rpartition("=")[2].split(",")}
    files = {item.name for item in made.folder.iterdir()}
    assert {name for name in named if name.endswith(".csv")} == files - {"import.sh"}
    assert made.command_line in (made.folder / "import.sh").read_text(encoding="utf-8")
    header = (made.folder / "nodes-Model-header.csv").read_text(encoding="utf-8").strip().split(",")
    assert header[0] == "id:ID(Product)"
    assert "own_energy_kwh:double" in header
    assert len({line.count(",") for line in (made.folder / "nodes-System.csv").read_text().splitlines()}) == 1


def test_equal_graphs_make_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_bulk_files(family(), tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(StoreError, match="is not empty; give a new or an empty folder"):
        write_bulk_files(family(), tmp_path)
    with pytest.raises(StoreError, match="cannot be written"):
        write_bulk_files(family(), tmp_path / "mine.txt")
    assert [item.name for item in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.slow
@pytest.mark.xdist_group("neo4j")
def test_what_is_loaded_is_what_would_have_been_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        server = Neo4jServer(tmp_path / "home")
    except NotAvailable as error:
        pytest.skip(str(error))
    graph = everything()
    made = write_bulk_files(graph, tmp_path / "import")
    monkeypatch.chdir(made.folder)
    server.admin(*made.command[1:])
    server.start()
    try:
        with Neo4jStore(server.address, Login(password=server.password)) as store:
            back = store.read()
            for name, table in graph.tables.items():
                for column in table.column_names:
                    assert back.tables[name].column(column).equals(table.column(column)), (name, column)
            assert back == graph
            assert back.claims == graph.claims
            store.write(graph)
            assert store.snapshots()[0].number == 1  # nothing to change
            store.write(family())
            assert store.read() == family()
    finally:
        server.stop()


BOUND_BYTES = 2000  # to a product: 2 GB for a million, which take less, for much of it is there only once
_COPY = """
import resource, sys
from lineage.cli import main
try:
    main(["copy", sys.argv[1], sys.argv[2], "--bulk", "--quiet"])
finally:
    scale = 1 if sys.platform == "darwin" else 1024
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale, flush=True)
"""


def peak_bytes(products: int, folder: Path) -> int:
    """Return the memory that a process needs at most to write the files of a store with so many products."""
    with connect(folder / "store") as store:
        store.write(Graph.from_tables(**many_tables(products)))
    with python("-c", _COPY, str(folder / "store"), str(folder / "import")) as process:
        printed, said = process.communicate()
        assert process.returncode == 0, said
    assert sum(item.stat().st_size for item in (folder / "import").iterdir()) > 200 * products
    return int(printed.rpartition("peak ")[2])


@pytest.mark.slow
def test_memory_grows_slowly_with_the_graph(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="this system does not say how much memory a process had")
    small, large = 20_000, 100_000
    few, many = peak_bytes(small, tmp_path / "few"), peak_bytes(large, tmp_path / "many")
    each = (many - few) / (large - small)
    print(f"{few / 1e6:.0f} MB and {many / 1e6:.0f} MB: {each:.0f} bytes to a product")
    assert each < BOUND_BYTES
