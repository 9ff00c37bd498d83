"""What every importer must do, as tests to inherit (needs pytest).

::

    class TestMine(ImporterContract):
        name = "mine"

        @pytest.fixture(params=["good.json"])
        def good(self, request):
            return Path("samples") / request.param
"""

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from lineage.claims import ARROW_TYPES, Claims, Source
from lineage.errors import ImportFault, LineageError
from lineage.findings import CODES
from lineage.importing import GZIP_MAGIC, HEAD_BYTES, Importer, head_of, importers, read_claims
from lineage.schema import CLAIM_TABLES, KINDS, PHASES, RELATIONS, SOURCE_COLUMNS, TIERS

__all__ = ["ImporterContract"]

# Files that belong to nobody; and cuts of a good file, as parts of its length.
STRANGERS = {
    "empty": b"",
    "blank": b"\n\n \n",
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "prose": b"# Notes\n\nNothing here, model: none.\n",
    "object": b'{"name": "somebody", "version": 1}\n',
    "table": b"model_name,num_parameters\nainize/kobart-news,123859968\n",
    "half an object": b'{"',
    "zeros": bytes(64),
}
CUTS = (0.0, 0.1, 0.35, 0.5, 0.75, 0.95, 0.999)


class ImporterContract:
    """Inherit, set `name` (what people type after --as), and give a `good` fixture: a file that reads well.

    `other` may name files that look alike but belong to other importers.
    """

    name: str = ""

    @pytest.fixture
    def importer(self) -> Importer:
        """The importer under test, found as users find it."""
        found = importers()
        assert self.name in found, f"no importer {self.name!r}; is its package installed?"
        return found[self.name]

    @pytest.fixture
    def good(self) -> Path:
        """A file that reads well; parametrise it to give several."""
        raise NotImplementedError("give a fixture `good`: the path of a file that this importer reads")

    @pytest.fixture
    def other(self) -> list[Path]:
        """Files of other importers."""
        return []

    @pytest.fixture
    def claims(self, importer: Importer, good: Path) -> Claims:
        """What the good file says."""
        return importer.claims(good, _source(good, importer))

    # -- sniffing ------------------------------------------------------------------------------------------

    def test_is_described(self, importer: Importer) -> None:
        assert importer.title
        assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in importer.suffixes)

    def test_recognises_its_files(self, importer: Importer, good: Path) -> None:
        assert importer.fits(good)
        head = head_of(good)
        assert len(head) <= HEAD_BYTES
        assert importer.recognises(good, head) is True

    @pytest.mark.parametrize("stranger", STRANGERS)
    def test_leaves_strangers_alone(self, importer: Importer, tmp_path: Path, stranger: str) -> None:
        for suffix in importer.suffixes or (".txt",):
            path = tmp_path / f"file{suffix}"
            path.write_bytes(STRANGERS[stranger])
            assert importer.recognises(path, STRANGERS[stranger]) is False, path.name

    def test_leaves_files_of_others_alone(self, importer: Importer, other: list[Path]) -> None:
        for path in other:
            assert not (importer.fits(path) and importer.recognises(path, head_of(path))), path

    def test_sniffing_is_cheap(self, importer: Importer, good: Path, tmp_path: Path) -> None:
        """A look at the head must do, so that a file of gigabytes costs no more than a small one."""
        path = tmp_path / good.name
        if head_of(good).startswith(b"PAR1"):
            pytest.skip("Parquet keeps its columns in the footer")
        path.write_bytes(b"")  # what is on disk does not matter
        assert importer.recognises(path, head_of(good)) is True

    def test_is_found_without_being_named(self, good: Path) -> None:
        claims = read_claims(good)
        assert claims.sources.column("format").to_pylist() == [self.name]

    # -- claims --------------------------------------------------------------------------------------------

    def test_tables_have_the_columns_of_the_schema(self, claims: Claims) -> None:
        assert list(claims.tables) == list(CLAIM_TABLES)
        for table, columns in CLAIM_TABLES.items():
            for item in columns:
                field = claims.tables[table].schema.field(item.name)
                assert field.type == ARROW_TYPES[item.type], (table, item.name)
            assert not any(pa.types.is_nested(field.type) for field in claims.tables[table].schema), table
        assert claims.sources.num_rows == 1
        assert {item.name for item in SOURCE_COLUMNS} <= set(claims.sources.column_names)

    def test_says_something(self, claims: Claims) -> None:
        assert any(table.num_rows for table in claims.tables.values())

    def test_required_columns_are_filled(self, claims: Claims) -> None:
        for table, columns in CLAIM_TABLES.items():
            for item in columns:
                if item.required:
                    assert claims.tables[table].column(item.name).null_count == 0, (table, item.name)

    def test_every_row_has_a_place_and_its_source(self, claims: Claims) -> None:
        for name, table in claims.tables.items():
            assert all(table.column("place").to_pylist()), name
            assert set(table.column("source").to_pylist()) <= {0}, name

    def test_products_have_a_kind(self, claims: Claims) -> None:
        for table, column in (
            ("products", "id"),
            ("edges", "product"),
            ("edges", "parent"),
            ("jobs", "product"),
            ("jobs", "platform"),
        ):
            for text in claims.tables[table].column(column).drop_null().to_pylist():
                kind, colon, name = text.partition(":")
                assert colon, text
                assert kind in KINDS, text
                assert name == name.strip(), text
                assert name, text

    def test_words_are_those_of_the_schema(self, claims: Claims) -> None:
        for table, column, words in (
            ("products", "tier", TIERS),
            ("edges", "relation", RELATIONS),
            ("edges", "tier", TIERS),
            ("jobs", "phase", PHASES),
            ("jobs", "tier", TIERS),
        ):
            found = set(claims.tables[table].column(column).drop_null().to_pylist())
            assert found <= set(words), (table, column)

    def test_numbers_are_finite_and_not_negative(self, claims: Claims) -> None:
        for table, columns in CLAIM_TABLES.items():
            for item in columns:
                if item.type == "number":
                    values = claims.tables[table].column(item.name).drop_null().to_pylist()
                    assert all(0 <= value < float("inf") for value in values), (table, item.name)

    def test_findings_name_the_file_and_the_place(self, claims: Claims) -> None:
        address = claims.sources.column("address")[0].as_py()
        for item in claims.findings:
            assert item.code in CODES
            assert item.severity == CODES[item.code][0]
            assert item.source == address, item
            assert item.place, item
            assert item.subject, item

    def test_reading_twice_gives_the_same(self, importer: Importer, good: Path, claims: Claims) -> None:
        again = importer.claims(good, _source(good, importer))
        assert again.findings == claims.findings
        assert again.sources.equals(claims.sources)
        for name, table in claims.tables.items():
            assert again.tables[name].equals(table), name

    # -- damage --------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("part", CUTS)
    def test_a_cut_file_is_a_fault_or_reads_well(
        self, importer: Importer, good: Path, tmp_path: Path, part: float
    ) -> None:
        data = good.read_bytes()
        self._read_damaged(importer, good, tmp_path, data[: int(len(data) * part)])

    def test_a_cut_in_unpacked_data_is_a_fault_or_reads_well(
        self, importer: Importer, good: Path, tmp_path: Path
    ) -> None:
        if not good.read_bytes().startswith(GZIP_MAGIC):
            pytest.skip("this file is not gzipped")
        plain = gzip.decompress(good.read_bytes())
        self._read_damaged(importer, good, tmp_path, gzip.compress(plain[: len(plain) // 2], mtime=0))

    @pytest.mark.parametrize("byte", [0x00, 0x22, 0x7B, 0xFF])
    def test_a_changed_byte_is_a_fault_or_reads_well(
        self, importer: Importer, good: Path, tmp_path: Path, byte: int
    ) -> None:
        data = bytearray(good.read_bytes())
        for place in range(0, len(data), max(1, len(data) // 12)):
            damaged = bytes(data[:place]) + bytes([byte]) + bytes(data[place + 1 :])
            self._read_damaged(importer, good, tmp_path, damaged)

    def _read_damaged(self, importer: Importer, good: Path, folder: Path, data: bytes) -> None:
        path = folder / good.name
        path.write_bytes(data)
        try:
            claims = importer.claims(path, _source(path, importer))
        except ImportFault as problem:
            assert problem.source == str(path)
            assert problem.problem
        except LineageError as problem:
            pytest.fail(f"a damaged file must be an ImportFault, not {type(problem).__name__}: {problem}")
        else:
            self.test_tables_have_the_columns_of_the_schema(claims)
            self.test_required_columns_are_filled(claims)
            self.test_products_have_a_kind(claims)


def _source(path: Path, importer: Importer) -> Source:
    return Source(address=str(path), root=str(path), format=importer.name)
