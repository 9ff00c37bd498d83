"""The importers of this package keep the contract that others inherit."""

from pathlib import Path

import pytest

from lineage.testing import ImporterContract

DATA = Path(__file__).parents[1] / "data"
HUB = sorted(
    path.relative_to(DATA).as_posix()
    for path in (DATA / "huggingface").rglob("*.*")
    if path.is_file() and path != DATA / "huggingface" / "README.md"
)
CARBON = sorted(path.relative_to(DATA).as_posix() for path in (DATA / "codecarbon").glob("*.csv"))
TABLES = {
    "products.csv": "id,own_energy,parameters\nmodel:a,7.4 MWh,1000\ndataset:d,,\n",
    "edges.csv": "product,parent,relation,w\nmodel:b,model:a,fine-tune,0.5\nmodel:a,dataset:d,,\n",
    "jobs.csv": "id,product,phase,energy,pue\nj1,model:a,training,12 kWh,1.1\n",
}


class TestHuggingFace(ImporterContract):
    name = "huggingface"

    @pytest.fixture(params=HUB)
    def good(self, request: pytest.FixtureRequest) -> Path:
        return DATA / str(request.param)

    @pytest.fixture
    def other(self) -> list[Path]:
        return [DATA / name for name in (*CARBON, "accounting.jsonl", "huggingface/README.md")]


class TestCodeCarbon(ImporterContract):
    name = "codecarbon"

    @pytest.fixture(params=CARBON)
    def good(self, request: pytest.FixtureRequest) -> Path:
        return DATA / str(request.param)

    @pytest.fixture
    def other(self, tmp_path: Path) -> list[Path]:
        for name, text in TABLES.items():
            (tmp_path / name).write_text(text)
        return [*(DATA / name for name in HUB), *sorted(tmp_path.iterdir())]


class TestTables(ImporterContract):
    name = "tables"

    @pytest.fixture(params=sorted(TABLES))
    def good(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
        folder = tmp_path / "tables"
        folder.mkdir()
        path = folder / str(request.param)
        path.write_text(TABLES[str(request.param)])
        return path

    @pytest.fixture
    def other(self) -> list[Path]:
        return [DATA / name for name in CARBON]
