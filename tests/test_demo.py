"""The demo: its shape, and that every figure in it is computed from the tables."""

import io
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from lineage.cli import main
from lineage.demo import REPORT_NAME, demo_graph, demo_tables, demo_text, run_demo
from lineage.errors import UnknownProduct
from lineage.graph import Graph
from lineage.importing import read
from lineage.testing import graph as sketch

EXPECTED = """\
Reusing a model is not free. Energy, kWh; policy: equal
product          own     with its share of    upstream  figures known
                         what it is built on            (self + ancestors)
BERT base      1,507     >=  1,507                   ?   1 of 3
└ DistilBERT     168     >=    922                82 %   2 of 4
BLOOM-7B1     51,686     >= 51,686                   ?   1 of 2
└ BLOOMz-7B    7,571     >= 33,414                77 %   2 of 4
RoBERTa        7,373     >=  7,373                   ?   1 of 6
Why 922 for DistilBERT?
  BERT base     753.5  82 %  half of 1,507: one child + BERT's own use
  DistilBERT    168.0  18 %  8 GPUs x 250 W x 84 h (the paper prints 14.4: wrong)
  not covered:  BookCorpus, English Wikipedia: no published figure
Every known kWh is assigned exactly once: difference 0
"""


@pytest.fixture(scope="module")
def bundled() -> Graph:
    return demo_graph()


def changed(folder: Path, *changes: tuple[str, str, str]) -> str:
    """Return the demo's text after replacing texts in copies of the tables: (file, old, new)."""
    tables = folder / "tables"
    shutil.copytree(demo_tables(), tables)
    for name, old, new in changes:
        text = (tables / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old, text.count(old))
        (tables / name).write_text(text.replace(old, new), encoding="utf-8")
    return demo_text(read(tables, format="tables"))


def test_text(bundled: Graph) -> None:
    assert demo_text(bundled) == EXPECTED


def test_run_writes_one_report_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    path = run_demo(tmp_path, out=out)
    assert [item.name for item in tmp_path.iterdir()] == [REPORT_NAME] == [path.name]
    lines = out.getvalue().splitlines()
    assert out.getvalue().startswith(EXPECTED)
    assert len(lines) < 30 and max(map(len, lines)) <= 100
    assert lines[-3] == f"Report: {REPORT_NAME}"
    page = path.read_text(encoding="utf-8")
    assert "<svg" in page and "DistilBERT" in page
    # self-contained: the only addresses in it are links and the names of XML vocabularies
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", re.sub(r"<a\b[^>]*>", "", page))


def test_the_command_it_names_works_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    run_demo(tmp_path, out=out)
    (command,) = (line for line in out.getvalue().splitlines() if line.startswith("Next: lineage "))
    told = CliRunner().invoke(main, command.removeprefix("Next: lineage ").split())
    assert told.exit_code == 0 and "8 devices x 250 W x 84 h = 168 kWh" in told.stdout


def test_figures_follow_the_tables(tmp_path: Path) -> None:
    text = changed(tmp_path, ("jobs.csv", ",8,,250 W,", ",16,,250 W,"))
    assert "└ DistilBERT     336     >=  1,090                69 %   2 of 4" in text
    assert "16 GPUs x 250 W x 84 h" in text
    assert "Why 1,090 for DistilBERT?" in text


def test_another_child_takes_its_share(tmp_path: Path) -> None:
    edge = "model:roberta,model:bert-base,fine-tune,invented for this test\n"
    text = changed(
        tmp_path, ("edges.csv", "product,parent,relation,source\n", "product,parent,relation,source\n" + edge)
    )
    assert "BERT base     502.3  75 %  a third of 1,507: two children + BERT's own use" in text


def test_explicit_share_is_named_as_a_factor(tmp_path: Path) -> None:
    old, new = "product,parent,relation,source\n", "product,parent,relation,w,source\n"
    lines = (demo_tables() / "edges.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    tables = tmp_path / "tables"
    shutil.copytree(demo_tables(), tables)
    rows = [
        new if line == old else ",".join((*line.split(",")[:3], "", *line.split(",")[3:])) for line in lines
    ]
    text = "".join(rows).replace(
        "model:distilbert,model:bert-base,distillation,,",
        "model:distilbert,model:bert-base,distillation,0.1,",
    )
    (tables / "edges.csv").write_text(text, encoding="utf-8")
    assert "0.1 x 1,507" in demo_text(read(tables, format="tables"))


def test_a_known_data_set_closes_the_gap(tmp_path: Path) -> None:
    header = "id,name,parameters,own_energy"
    assert (demo_tables() / "products.csv").read_text(encoding="utf-8").startswith(header)
    text = changed(
        tmp_path,
        ("products.csv", "dataset:bookcorpus,BookCorpus,,,", "dataset:bookcorpus,BookCorpus,,100 kWh,"),
        (
            "products.csv",
            "dataset:english-wikipedia,English Wikipedia,,,",
            "dataset:english-wikipedia,English Wikipedia,,0 kWh,",
        ),
    )
    bert = next(line for line in text.splitlines() if line.startswith("BERT base  "))
    assert ">=" not in bert and "3 of 3" in bert and " ? " not in bert


def sketched(*lines: str, **energy_kwh: float) -> Graph:
    """Return a graph of the shown products with invented energies (underscores stand for dashes)."""
    products = {name.replace("_", "-"): {"own_energy_kwh": value} for name, value in energy_kwh.items()}
    return sketch(*lines, "bloom-7b1 -> bloomz-7b", products=products)


def test_over_allocation_is_not_called_conserved() -> None:
    text = demo_text(
        sketched("bert-base -[0.8]-> distilbert, roberta", bert_base=100, distilbert=1, roberta=2)
    )
    assert text.splitlines()[-1] == "Does not conserve: 60 kWh are handed out twice"


def test_nothing_known_is_said() -> None:
    text = demo_text(sketched("bert-base -> distilbert, roberta"))
    assert text.splitlines()[-1] == "No energy is known of these products"
    assert "Why ? for distilbert?" in text


def test_graph_without_the_products_is_refused() -> None:
    with pytest.raises(UnknownProduct, match="bert-base"):
        demo_text(sketch("a -> b", own={"a": 1}))
