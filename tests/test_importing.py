"""How importers are found, how a file finds its importer, and what becomes of folders."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from lineage import importing
from lineage.claims import Claims, ClaimsBuilder, Source
from lineage.errors import ImportFault, InputError, MissingExtra, UnknownFormat
from lineage.importing import Importer, head_of, importers, read, read_claims

CARD = "---\nbase_model: acme/base\n---\n"
RECORD = '{"id": "acme/a", "modelId": "acme/a", "tags": [], "likes": 1, "downloads": 2}\n'

Announce = Callable[..., None]


# What strangers' entry points give: tables of strings, and functions that are found in this module by name.
def sniff_all(path: Path, head: bytes) -> bool:
    return True


def read_nothing(path: Path, source: Source) -> Claims:
    return ClaimsBuilder(source).done()


def read_denied(path: Path, source: Source) -> Claims:
    raise PermissionError(13, "Permission denied", str(path))


def _spec(**changes: object) -> dict[str, object]:
    return {"read": "strange_formats:read_nothing", "sniff": "strange_formats:sniff_all", **changes}


@pytest.fixture
def announce(monkeypatch: pytest.MonkeyPatch) -> Announce:
    """Announce further importers: a table, or the text of an entry point that breaks."""
    module = type(sys)("strange_formats")
    for function in (sniff_all, read_nothing, read_denied):
        setattr(module, function.__name__, function)
    monkeypatch.setitem(sys.modules, "strange_formats", module)
    builtin = [point for point in entry_points(group=importing.GROUP) if point.name == "builtin"]

    def announce(**tables: object) -> None:
        points = list(builtin)
        for name, table in tables.items():
            value = table if isinstance(table, str) else f"strange_formats:{name}"
            setattr(module, name, table)
            points.append(EntryPoint(name, value, importing.GROUP))
        monkeypatch.setattr(importing, "entry_points", lambda group: points)

    return announce


# -- discovery ---------------------------------------------------------------------------------------------


def test_the_built_in_importers_are_found_through_the_entry_point() -> None:
    assert {"codecarbon", "huggingface", "tables"} <= set(importers())
    assert list(importers()) == sorted(importers())


def test_listing_importers_loads_none_of_them() -> None:
    code = (
        "import sys; from lineage.importing import importers; importers(); "
        "print([n for n in sys.modules if n.startswith('lineage_importers.') or n in ('yaml', 'pandas', 'pint')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "[]"


def test_a_strangers_importer_is_found(announce: Announce, tmp_path: Path) -> None:
    announce(theirs={"strange": _spec(suffixes=(".xyz",), title="Strange")})
    path = tmp_path / "a.xyz"
    path.write_text("x")
    assert read_claims(path).sources.column("format").to_pylist() == ["strange"]
    assert importers()["strange"].origin == "theirs"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("no_such_module:TABLE", "ModuleNotFoundError"),
        ({"strange": {"read": "a:b"}}, "'strange' needs 'sniff' as 'module:function'"),
        ({"strange": _spec(sufixes=())}, "'strange' has an unknown key 'sufixes'; did you mean 'suffixes'?"),
        ({"strange": 3}, "TypeError"),
        (["strange"], "AttributeError"),
    ],
)
def test_a_broken_entry_point_is_named_only_where_it_may_be_the_reason(
    announce: Announce, tmp_path: Path, table: object, said: str
) -> None:
    announce(theirs=table)
    good = tmp_path / "acme__a.md"
    good.write_text(CARD)
    assert read_claims(good).tables["edges"].num_rows == 1
    with pytest.raises(UnknownFormat, match=r"entry point theirs = .* is broken and left out") as caught:
        read_claims(good, format="strange")
    assert said in str(caught.value)


def test_a_name_that_is_taken_stays_with_the_built_in(announce: Announce) -> None:
    announce(theirs={"huggingface": _spec()})
    assert importers()["huggingface"].origin == "builtin"
    with pytest.raises(UnknownFormat, match="entry point theirs names 'huggingface' again"):
        read_claims("x", format="nope")


def test_a_module_that_breaks_is_named_when_it_is_needed(announce: Announce, tmp_path: Path) -> None:
    announce(theirs={"strange": _spec(sniff="gone_module:sniff", suffixes=(".md", ".xyz"))})
    card = tmp_path / "acme__a.md"
    card.write_text(CARD)
    assert read_claims(card).tables["edges"].num_rows == 1  # another importer reads it, so it is not needed
    other = tmp_path / "a.xyz"
    other.write_text("x")
    with pytest.raises(
        UnknownFormat, match="importer 'strange' of entry point theirs cannot load gone_module"
    ):
        read_claims(other)


def test_a_module_that_raises_anything_is_named(announce: Announce, tmp_path: Path) -> None:
    announce(theirs={"strange": _spec(read="strange_formats:missing_function")})
    path = tmp_path / "a.xyz"
    path.write_text("x")
    with pytest.raises(UnknownFormat, match="cannot load strange_formats:missing_function"):
        read_claims(path, format="strange")


def test_a_missing_extra_says_what_to_install(announce: Announce, tmp_path: Path) -> None:
    announce(theirs={"strange": _spec(read="gone_module:read", extra="strange", title="Strange files")})
    path = tmp_path / "a.xyz"
    path.write_text("x")
    with pytest.raises(
        MissingExtra, match=r"reading Strange files needs an extra: pip install .*\[strange\]"
    ):
        read_claims(path)


# -- which importer ----------------------------------------------------------------------------------------


def test_a_file_nobody_recognises_lists_the_formats(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG")
    with pytest.raises(
        UnknownFormat, match=r"no importer recognises .* --as .*codecarbon, huggingface, tables"
    ):
        read_claims(path)


def test_a_wrong_format_name_suggests_the_right_one() -> None:
    with pytest.raises(UnknownFormat, match=r"no format 'hugingface'; did you mean 'huggingface'?"):
        read_claims("x", format="hugingface")


def test_two_claimants_ask_for_a_name(announce: Announce, tmp_path: Path) -> None:
    announce(theirs={"strange": _spec()})
    path = tmp_path / "acme__a.md"
    path.write_text(CARD)
    with pytest.raises(UnknownFormat, match=r"huggingface and strange both recognise .* --as"):
        read_claims(path)
    assert read_claims(path, format="strange").sources.column("format").to_pylist() == ["strange"]


def test_a_generic_format_steps_back(announce: Announce, tmp_path: Path) -> None:
    announce(theirs={"strange": _spec(generic=True)})
    path = tmp_path / "acme__a.md"
    path.write_text(CARD)
    assert read_claims(path).sources.column("format").to_pylist() == ["huggingface"]


def test_the_head_of_a_gzipped_file_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(RECORD.encode() * 5000))
    assert head_of(path).startswith(b'{"id"')
    assert len(head_of(path)) == importing.HEAD_BYTES
    path.write_bytes(b"\x1f\x8b" + b"x" * 40)
    with pytest.raises(ImportFault, match="the gzip data is damaged"):
        head_of(path)


# -- what is given -----------------------------------------------------------------------------------------


def test_nothing_given_says_nothing() -> None:
    assert read_claims().sources.num_rows == 0


@pytest.mark.parametrize("path", ["nowhere", "no/where.json", "a\0b"])
def test_a_path_that_does_not_exist(path: str) -> None:
    with pytest.raises(InputError, match=r"no such file or folder|cannot be read"):
        read_claims(path)


def test_something_that_is_no_file() -> None:
    with pytest.raises(InputError, match="not a file or a folder"):
        read_claims(os.devnull)


def test_a_file_that_may_not_be_read(tmp_path: Path, announce: Announce) -> None:
    announce(theirs={"strange": _spec(read="strange_formats:read_denied", suffixes=(".xyz",))})
    path = tmp_path / "a.xyz"
    path.write_text("x")
    with pytest.raises(ImportFault, match=r"a\.xyz: cannot be read: permission denied"):
        read_claims(path)


def test_an_unreadable_file_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "acme__a.md"
    path.write_text(CARD)

    def deny(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", deny)
        with pytest.raises(ImportFault, match="cannot be read: permission denied"):
            head_of(path)
        with pytest.raises(ImportFault, match="cannot be read: permission denied"):
            importing._Root(path, (path,)).source(path)
    monkeypatch.setattr(os, "scandir", deny)
    with pytest.raises(ImportFault, match="cannot be read: permission denied"):
        read_claims(tmp_path)


def test_the_source_row_names_file_root_format_and_digest(tmp_path: Path) -> None:
    (tmp_path / "acme__a.md").write_text(CARD)
    row = read_claims(tmp_path).sources.to_pylist()[0]
    assert row["address"] == str(tmp_path.resolve() / "acme__a.md")
    assert row["root"] == str(tmp_path.resolve())
    assert row["format"] == "huggingface"
    assert len(row["sha256"]) == 64


def test_a_file_given_twice_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "acme__a.md"
    path.write_text(CARD)
    claims = read_claims(path, tmp_path)
    assert claims.tables["edges"].num_rows == 1
    assert [item.code for item in claims.findings if item.code != "guessed-relation"] == ["repeated-record"]


def test_read_makes_a_graph(tmp_path: Path) -> None:
    (tmp_path / "acme__a.md").write_text(CARD)
    assert read(tmp_path).ids == ["model:acme/a", "model:acme/base"]


def test_progress_counts_files(tmp_path: Path) -> None:
    for name in ("acme__a.md", "acme__b.md"):
        (tmp_path / name).write_text(CARD)
    seen: list[tuple[int, int, str]] = []
    read_claims(tmp_path, progress=lambda done, total, name: seen.append((done, total, name)))
    assert seen == [(1, 2, "acme__a.md"), (2, 2, "acme__b.md")]


# -- folders -----------------------------------------------------------------------------------------------


def test_a_folder_is_read_in_order_and_strangers_become_findings(tmp_path: Path) -> None:
    folder = tmp_path / "cards"
    (folder / "acme" / "c").mkdir(parents=True)
    (folder / "acme" / "c" / "README.md").write_text(CARD)
    (folder / "acme__b.md").write_text(CARD)
    (folder / "SOURCE.md").write_text("# where from\n")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / ".hidden.md").write_text(CARD)
    (folder / ".git").mkdir()
    (folder / ".git" / "acme__d.md").write_text(CARD)
    claims = read_claims(folder)
    assert claims.tables["products"].column("id").to_pylist() == ["model:acme/c", "model:acme/b"]
    skipped = [Path(item.subject).name for item in claims.findings if item.code == "skipped-file"]
    assert skipped == ["SOURCE.md", "picture.png"]
    assert claims.without(str(folder.resolve())).findings == ()


def test_a_folder_with_nothing_of_ours_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(UnknownFormat, match="no file in this folder is in a known format"):
        read_claims(tmp_path)


def test_links_never_leave_the_folder(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    (outside / "acme__secret.md").write_text(CARD)
    (folder / "acme__a.md").write_text(CARD)
    (folder / "acme__link.md").symlink_to(outside / "acme__secret.md")
    (folder / "linked").symlink_to(outside)
    (folder / "acme__inside.md").symlink_to(folder / "acme__a.md")
    (folder / "round").symlink_to(folder)
    claims = read_claims(folder)
    assert claims.tables["products"].column("id").to_pylist() == ["model:acme/a", "model:acme/inside"]
    left_out = {Path(item.subject).name: item.text for item in claims.findings if item.code == "skipped-file"}
    assert left_out == dict.fromkeys(("acme__link.md", "linked"), "a link out of the folder; left out")


def test_one_bad_file_among_good_ones(tmp_path: Path) -> None:
    (tmp_path / "acme__a.md").write_text(CARD)
    (tmp_path / "acme__b.md").write_text("---\nbase_model: [\n---\n")
    (tmp_path / "models.jsonl").write_text(RECORD)
    with pytest.raises(ImportFault, match=r"acme__b\.md, line \d: not YAML"):
        read_claims(tmp_path)
    claims = read_claims(tmp_path, keep_going=True)
    assert claims.tables["products"].num_rows == 2
    (skipped,) = [item for item in claims.findings if item.code == "skipped-file"]
    assert skipped.subject.endswith("acme__b.md")
    assert "not YAML" in skipped.text


def test_a_bad_file_by_itself_is_an_error_even_with_keep_going(tmp_path: Path) -> None:
    path = tmp_path / "acme__b.md"
    path.write_text("---\nbase_model: [\n---\n")
    with pytest.raises(ImportFault):
        read_claims(path, keep_going=True)


def test_a_folder_of_one_format_leaves_the_others_out(tmp_path: Path) -> None:
    (tmp_path / "acme__a.md").write_text(CARD)
    (tmp_path / "products.csv").write_text("id,own_energy\nmodel:a,1 kWh\n")
    claims = read_claims(tmp_path, format="tables")
    assert claims.tables["products"].column("id").to_pylist() == ["model:a"]
    assert [Path(item.subject).name for item in claims.findings] == ["acme__a.md"]


def test_a_file_name_of_any_bytes_is_kept_as_text(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/acme__\xff.md"
    try:
        with open(path, "w") as file:  # noqa: PTH123 - a name that is not text
            file.write("---\nmodel_id: acme/a\nbase_model: acme/base\n---\n")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    claims = read_claims(tmp_path)
    assert claims.sources.column("address")[0].as_py().endswith("acme__\\xff.md")


def test_importers_carry_what_users_see() -> None:
    for name, importer in importers().items():
        assert isinstance(importer, Importer)
        assert importer.name == name
        assert importer.title


def test_a_folder_of_which_nothing_can_be_read_is_an_error_even_when_going_on(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("id\nmodel:a\nmodel:a\n", encoding="utf-8")
    with pytest.raises(UnknownFormat, match="none could be read"):
        read_claims(tmp_path, keep_going=True)
