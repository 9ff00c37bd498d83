"""A damaged snapshot: the file is named, and the last good snapshot opens."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage.errors import StoreDamaged, StoreError
from lineage.stores import connect
from lineage.stores.columns import CLAIM_FILES, FILES, GRAPH_FILES
from lineage.stores.manifest import MANIFEST_FILE, _render, load_manifest, read_checked
from lineage.stores.snapshot import SnapshotStore
from lineage.testing.specimens import family, named


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two snapshots."""
    folder = tmp_path_factory.mktemp("damage") / "original"
    with connect(folder) as store:
        store.write(named("older"))
        store.write(family())
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy of the store, to be damaged."""
    return Path(shutil.copytree(original, tmp_path / "store"))


def newest(folder: Path) -> Path:
    return folder / "snapshots" / "000002"


def check_named(folder: Path, file: str) -> None:
    """Every way of using the file names it and the last good snapshot, which opens."""
    with SnapshotStore(folder) as store:
        with pytest.raises(StoreDamaged) as caught:
            store.verify()
        assert Path(caught.value.file) == newest(folder) / file
        assert caught.value.last_good == f"{folder}@000001"
        assert str(caught.value).endswith(f"; the last good state opens as {folder}@000001")
        used_by: dict[Callable[[], object], tuple[str, ...]] = {
            store.read: (*GRAPH_FILES.values(), "findings.parquet", MANIFEST_FILE),
            store.claims: (*CLAIM_FILES.values(), MANIFEST_FILE),
        }
        for use, files in used_by.items():
            if file in files:
                with pytest.raises(StoreDamaged, match=file):
                    use()
    with connect(f"{folder}@000001") as good:
        assert good.read() == named("older")


@pytest.mark.parametrize("file", [*FILES, MANIFEST_FILE])
def test_a_flipped_byte_is_named(folder: Path, file: str) -> None:
    path = newest(folder) / file
    data = path.read_bytes()
    for place in (0, 3, len(data) // 3, len(data) // 2, len(data) - 5, len(data) - 1):
        for mask in (0x01, 0x80):
            path.write_bytes(data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :])
            check_named(folder, file)
    path.write_bytes(data)
    with SnapshotStore(folder) as store:
        store.verify()


def test_all_of_the_manifest_counts(original: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(newest(original), tmp_path / "000002"))
    data = (copy / MANIFEST_FILE).read_bytes()
    for place in range(0, len(data), 7):
        (copy / MANIFEST_FILE).write_bytes(data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :])
        with pytest.raises(StoreDamaged, match=r"manifest\.json: it does not match its own checksum"):
            load_manifest(copy)


@pytest.mark.parametrize("file", [*FILES, MANIFEST_FILE])
def test_a_truncated_file_is_named(folder: Path, file: str) -> None:
    path = newest(folder) / file
    data = path.read_bytes()
    for length in (0, 1, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        check_named(folder, file)
    path.write_bytes(data + b"\0")
    check_named(folder, file)


@pytest.mark.parametrize("file", [*FILES, MANIFEST_FILE])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (newest(folder) / file).unlink()
    check_named(folder, file)
    (newest(folder) / file).mkdir()
    with SnapshotStore(folder) as store, pytest.raises(StoreError, match=file):
        store.read()


def test_files_of_others_are_let_alone(folder: Path) -> None:
    (newest(folder) / "notes.txt").write_text("mine")
    (folder / "README").write_text("mine")
    (folder / "snapshots" / "0000003").mkdir()
    (folder / "snapshots" / "latest").mkdir()
    with SnapshotStore(folder) as store:
        store.verify()
        assert store.read() == family()
        store.write(named("newer"))
        assert [item.number for item in store.snapshots()] == [1, 2, 3]
    assert (newest(folder) / "notes.txt").read_text() == (folder / "README").read_text() == "mine"


def test_no_good_snapshot_left(folder: Path) -> None:
    for item in folder.glob("snapshots/*/graph-edges.parquet"):
        item.write_bytes(b"")
    with SnapshotStore(folder) as store:
        with pytest.raises(StoreDamaged, match="it has 0 bytes") as caught:
            store.read()
        assert caught.value.last_good is None


def test_damage_found_late_by_lazy_claims(folder: Path) -> None:
    with SnapshotStore(folder) as store:
        graph = store.read()
        file = newest(folder) / "claims-edges.parquet"
        file.write_bytes(file.read_bytes()[::-1])
        with pytest.raises(
            StoreDamaged, match=r"claims-edges\.parquet: it does not match its checksum; the last"
        ):
            _ = graph.claims


def test_a_damaged_snapshot_is_listed_with_its_problem_and_the_next_write_mends(folder: Path) -> None:
    (newest(folder) / "graph-jobs.parquet").unlink()
    with SnapshotStore(folder) as store:
        older, damaged = store.snapshots()
        assert older.problem is None
        assert damaged.digest is None
        assert damaged.problem == f"{newest(folder) / 'graph-jobs.parquet'}: it is missing"
        store.write(family())  # equal to the damaged one, yet not left out
        assert store.read() == family()
        assert store.snapshots()[-1].number == 3


def test_recovery_by_writing_the_last_good_state_again(folder: Path) -> None:
    (newest(folder) / "graph-jobs.parquet").write_bytes(b"")
    with connect(f"{folder}@000001") as good, connect(folder) as store:
        store.write(good.read())
        assert store.read() == named("older")
        assert store.claims() == named("older").claims


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and sign it again, as a stranger could."""
    file = newest(folder) / MANIFEST_FILE
    body = json.loads(file.read_bytes())
    del body["sha256"]
    change(body)
    file.write_bytes(_render(body))


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("digest"),
        lambda body: body.update(files=[]),
        lambda body: body.update(counts={"products": "many"}),
        lambda body: body["files"].update({"graph-jobs.parquet": 3}),
    ],
)
def test_a_manifest_of_another_shape(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    rewrite(folder, change)
    with connect(folder) as store, pytest.raises(StoreDamaged, match="not those of a manifest"):
        store.read()


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_none(folder: Path, text: bytes) -> None:
    (newest(folder) / MANIFEST_FILE).write_bytes(text)
    check_named(folder, MANIFEST_FILE)


@pytest.mark.parametrize("name", ["../../secret.parquet", "/etc/passwd", "graph-products.csv"])
def test_a_manifest_never_leads_out_of_its_folder(folder: Path, name: str) -> None:
    rewrite(folder, lambda body: body["files"].update({name: {"rows": 0, "size": 0, "sha256": ""}}))
    with connect(folder) as store, pytest.raises(StoreDamaged, match="which is no file of a snapshot"):
        store.read()


def test_a_file_that_the_manifest_does_not_list(folder: Path) -> None:
    rewrite(folder, lambda body: body["files"].pop("findings.parquet"))
    with connect(folder) as store, pytest.raises(StoreDamaged, match=r"does not list findings\.parquet"):
        store.read()


def test_a_file_that_changed_since_it_was_listed(folder: Path) -> None:
    manifest = load_manifest(newest(folder))
    (newest(folder) / "graph-jobs.parquet").write_bytes(b"x")
    with pytest.raises(StoreDamaged, match="it has 1 bytes, not"):
        read_checked(newest(folder), "graph-jobs.parquet", manifest)


@pytest.mark.skipif(os.name != "posix", reason="needs a device file")
def test_a_device_is_no_file(folder: Path) -> None:
    (newest(folder) / "graph-jobs.parquet").unlink()
    (newest(folder) / "graph-jobs.parquet").symlink_to("/dev/zero")
    with connect(folder) as store, pytest.raises(StoreDamaged, match="not a regular file"):
        store.read()


def test_a_newer_format_says_what_to_install(folder: Path) -> None:
    rewrite(folder, lambda body: body.update(schema="lineage/store/2", writer="lineage 9.0"))
    with connect(folder) as store, pytest.raises(StoreError, match=r"lineage/store/2.*lineage 9\.0.*install"):
        store.read()


def test_bytes_that_this_pyarrow_cannot_read(folder: Path) -> None:
    import hashlib

    data = b"PAR9 not a Parquet file"
    (newest(folder) / "graph-jobs.parquet").write_bytes(data)
    entry = {"rows": 0, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    rewrite(folder, lambda body: body["files"].update({"graph-jobs.parquet": entry}))
    with (
        connect(folder) as store,
        pytest.raises(StoreError, match=r"graph-jobs\.parquet cannot be read.*pyarrow"),
    ):
        store.read()


@pytest.mark.parametrize("method", ["read_bytes", "stat"])
def test_what_the_system_refuses_to_read(folder: Path, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = getattr(Path, method)

    def refuse(self: Path, *args: Any, **options: Any) -> Any:
        if self.name == "graph-jobs.parquet":
            raise PermissionError(13, "Permission denied")
        return plain(self, *args, **options)

    monkeypatch.setattr(Path, method, refuse)
    with (
        connect(folder) as store,
        pytest.raises(StoreError, match=r"graph-jobs\.parquet cannot be read: Perm"),
    ):
        store.read()
