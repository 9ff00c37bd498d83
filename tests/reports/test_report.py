"""Reports: the numbers are those of the views, the page stays on the page, and equal input gives equal bytes."""

import base64
import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.errors import OptionError, UnknownProduct
from lineage.explanation.wording import at_least
from lineage.graph import Graph
from lineage.reports import report
from lineage.reports.content import product_report
from lineage.run import Run
from lineage.testing import graph
from lineage.units import show
from lineage.views.bill import bill
from lineage.views.cost import cost
from lineage.views.family import family
from lineage.views.interval import Interval
from report_pages import Page, parsed

ENERGY = Run(impact="energy")
JOB = {
    "product": "model:student",
    "phase": "distillation",
    "device_count": 8.0,
    "power_w": 250.0,
    "duration_h": 84.0,
}


def bert() -> Graph:
    return graph(
        "dataset:books, dataset:wiki -> teacher -[distillation]-> student -> pupil",
        products={
            "teacher": {"name": "BERT base", "own_energy_kwh": 1507.0, "citation": "Strubell et al. 2019"}
        },
        jobs=[JOB],
    )


@pytest.fixture(scope="module")
def page() -> Page:
    return parsed(report(bert(), "student", ENERGY))


def test_the_answer_comes_first(page: Page) -> None:
    text = " ".join(page.text)
    row = cost(bert(), ENERGY).row("student")
    assert f"{at_least(row.epc, 'kWh')}, of which 82 % is inherited; figures known for 2 of 4" in text
    assert text.index("of which 82 %") < text.index("What it costs")


def test_the_four_views_are_those_of_the_views(page: Page) -> None:
    row = cost(bert(), ENERGY).row("student")
    whole = family(bert(), "student", ENERGY)
    views: dict[str, Interval | None] = {
        "own": row.own,
        "EPC": row.epc,
        "burden": row.burden,
        "cumulative": row.cumulative,
        "family": whole.total,
    }
    for name, interval in views.items():
        assert interval is not None
        cells = page.row("views", name)
        expected = [show(interval.lo, "kWh"), at_least(interval, "kWh"), show(interval.hi, "kWh")]
        assert [cell.strip() for cell in cells[1:4]] == expected, name
    assert page.row("views", "own")[4].strip() == row.tier
    assert "known for 2 of 4" in page.row("views", "EPC")[4]


def test_the_bill_and_the_paths_reach_the_whole(page: Page) -> None:
    full = bill(bert(), "student", ENERGY)
    for item in full.rows:
        cells = page.row("bill", item.name)
        assert show(item.contribution, "kWh") in [cell.strip() for cell in cells]
    assert [cell.strip() for cell in page.rows["bill"][-1]][4:6] == [at_least(full.total, "kWh"), "100 %"]
    assert page.row("bill", "not covered")[4].strip() == "?"
    assert page.row("bill", "remainder")[4].strip() == "0 kWh"
    assert [cell.strip() for cell in page.rows["paths"][-1]][2:] == [at_least(full.total, "kWh"), "100 %"]
    assert page.row("paths", "remainder")[2].strip() == "0 kWh"


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e9)), min_size=1, max_size=90))
@settings(max_examples=15)
def test_shown_rows_and_the_rest_are_the_whole_bill(own: list[float | None]) -> None:
    names = [f"p{number:02}" for number in range(len(own))]
    made = graph(f"{', '.join(names)} -> v", own=dict(zip(names, own, strict=True)))
    content = product_report(made, "v", cost(made))
    total = content.bill.total.best
    shown = math.fsum((*(row.contribution for row in content.bill_rows), content.bill_rest.contribution))
    assert shown == pytest.approx(total or 0.0, rel=1e-9)
    known = sum(value is not None for value in own)
    assert len(content.bill_rows) + content.bill_rest.count == known
    assert len(content.bill.not_covered) == len(own) + 1 - known
    assert (total is None) == (known == 0)


def test_sources_and_what_is_not_known_are_named(page: Page) -> None:
    assert page.row("sources", "model:teacher")[4].strip() == "Strubell et al. 2019"
    text = " ".join(page.text)
    assert (
        "dataset:books" in text
        and "dataset:wiki" in text
        and "2 products without a published cost have part" in text
    )
    assert page.row("findings", "info")[1].strip() == "missing-pue"
    assert cost(bert(), ENERGY).graph.digest in text


def test_no_request_leaves_the_page(page: Page) -> None:
    assert not {tag for tag, _ in page.tags} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "use",
    }
    ids = set(page.attributes("id"))
    for name in ("href", "src", "action", "srcset", "data", "xlink:href"):
        for value in page.attributes(name):
            assert value.startswith("#") and value[1:] in ids, value
    assert page.attributes("href")
    assert "url(" not in "".join(page.styles) and "@import" not in "".join(page.styles)


def test_the_security_policy_allows_one_style_sheet_and_nothing_else(page: Page) -> None:
    (policy,) = [
        attributes["content"]
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    (style,) = page.styles
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not page.attributes("style"), "a style attribute would be blocked by the policy"
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]


def test_every_id_is_there_once(page: Page) -> None:
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    for value in page.attributes("aria-labelledby"):
        assert set(value.split()) <= set(ids)


@pytest.mark.parametrize("policy", ["cutoff", "full", "half"])
@pytest.mark.parametrize("name", ["student", "dataset:books", None])
@pytest.mark.parametrize("to", ["html", "markdown"])
def test_every_policy_and_product_gives_a_report(policy: str, name: str | None, to: str) -> None:
    run = Run(impact="energy", policy=policy)
    text = report(bert(), name, run, to=to)
    assert policy in text
    if policy == "full" and name is not None:
        assert "no meaning under" in text and "Conservation does not apply" in text
    if to == "html":
        parsed(text)


def test_nothing_known_is_never_a_zero() -> None:
    text = report(graph("a -> b"), "b")
    page = parsed(text)
    assert "Not known: figures known for 0 of 2" in " ".join(page.text)
    assert [cell.strip() for cell in page.row("views", "EPC")[1:4]] == ["0 g", "?", "?"]
    assert [cell.strip() for cell in page.rows["bill"][-1]][4:6] == ["?", "?"]
    assert "No own cost is known in 2 products" in report(graph("a -> b"), None, to="markdown")


def test_over_allocation_and_cycles_are_told() -> None:
    over = graph("u -[0.9]-> v", "u -[0.9]-> w", own={"u": 10.0, "v": 1.0, "w": 1.0})
    page = parsed(report(over, None))
    assert page.row("findings", "error")[1].strip() == "over-allocated"
    assert "Does not conserve: 8 g is handed out twice" in " ".join(page.text)
    loop = graph("a -[0.5]-> b -[0.5]-> a", own={"a": 8.0, "b": 4.0})
    assert "infinitely many paths" in report(loop, "a", Run(cycles="solve"))
    broken = parsed(report(loop, "a", Run(cycles="break")))
    assert "dropped to break a cycle" in " ".join(broken.text)


def test_the_whole_graph_is_a_table_by_epc() -> None:
    page = parsed(report(bert(), None, ENERGY))
    result = cost(bert(), ENERGY)
    shown = [row[0].strip().splitlines()[0] for row in page.rows["products"][1:]]
    assert [name.split("model:")[0] for name in shown[:2]] == [
        result.row(code).name for code in result.top(2)
    ]
    for code in result.existing:
        row = result.row(code)
        cells = [cell.strip() for cell in page.row("products", row.name)]
        assert cells[1] == at_least(row.own, "kWh") and cells[3] == at_least(row.epc, "kWh")
        assert cells[7] == f"{row.known} of {row.members}"


def test_a_large_graph_says_what_is_left_out() -> None:
    children = ", ".join(f"m{number:03}" for number in range(150))
    made = graph(f"base -> {children}", own={"base": 10.0, "m149": 99.0})
    page = parsed(report(made, None))
    assert "… and 101 more products" in " ".join(page.text)
    assert page.rows["products"][1][0].strip().startswith("m149")
    assert "more" in " ".join(page.text) and "products are drawn" in " ".join(page.text)
    assert "… and 101 more products" in report(made, None, to="markdown")


def test_as_of_a_date_leaves_out_what_came_later() -> None:
    made = graph("a -> b", "a -> c", own={"a": 8.0}, products={"c": {"created_at": "2030-01-01"}})
    text = report(made, "a", Run(as_of="2024-01-01"))
    assert "as of 2024-01-01" in text and "model:c" not in text


def test_the_card_is_front_matter_and_a_section() -> None:
    made = graph("base -> tuned", own={"base": 100.0, "tuned": 10.0})
    text = report(made, "tuned", to="card")
    front, section = text.removeprefix("---\n").split("\n---\n")
    values: dict[str, Any] = yaml.safe_load(front)
    assert values["co2_eq_emissions"]["emissions"] == 10.0
    assert values["lineage_epc"]["epc"] == {"lo": 60.0, "best": 60.0, "hi": 60.0}
    assert values["lineage_epc"]["schema"] == "lineage/card/1" and values["lineage_epc"]["covered"] == 1.0
    assert "| EPC | 60 g | 60 g | 60 g |" in section


def test_the_card_says_where_its_emissions_are_a_lower_bound() -> None:
    job = {
        "product": "model:b",
        "phase": "training",
        "energy_kwh": 10.0,
        "pue": 1.0,
        "grid_intensity_gco2e_per_kwh": 5.0,
    }
    for made, bound in (
        (graph("a -> b", jobs=[job]), "at least, from-energy"),
        (graph("b", own={"b": 1.0}), "reported"),
    ):
        values = yaml.safe_load(report(made, "b", to="card").split("---\n")[1])
        assert values["co2_eq_emissions"]["source"].startswith(f"own cost only, {bound}; ")


def test_the_card_of_an_unknown_product_has_null_and_no_emissions() -> None:
    values = yaml.safe_load(report(graph("a -> b"), "b", to="card").split("---\n")[1])
    assert "co2_eq_emissions" not in values
    assert values["lineage_epc"]["own"] == {"lo": 0.0, "best": None, "hi": None, "tier": "unknown"}
    assert values["lineage_epc"]["not_covered"] == ["model:a", "model:b"]


def test_a_path_is_written_and_its_suffix_decides(tmp_path: Path) -> None:
    for name, form in (
        ("a.html", "html"),
        ("b.HTM", "html"),
        ("c.md", "markdown"),
        ("d.markdown", "markdown"),
    ):
        text = report(bert(), "student", ENERGY, to=tmp_path / name)
        assert (
            (tmp_path / name).read_text(encoding="utf-8")
            == text
            == report(bert(), "student", ENERGY, to=form)
        )
    report(bert(), None, ENERGY, to=str(tmp_path / "e.html"))
    assert sorted(item.name for item in tmp_path.iterdir()) == [
        "a.html",
        "b.HTM",
        "c.md",
        "d.markdown",
        "e.html",
    ]


@pytest.mark.parametrize(
    ("to", "hint"), [("htlm", "'html'"), ("report.htlm", "'.html'"), ("report.pdf", "no report format")]
)
def test_an_unknown_format_is_an_error_with_a_way_out(to: str, hint: str) -> None:
    with pytest.raises(OptionError, match="there are html, markdown, card") as caught:
        report(bert(), "student", ENERGY, to=to)
    assert hint in str(caught.value)


def test_wrong_questions_are_errors(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="name it"):
        report(bert(), None, ENERGY, to="card")
    with pytest.raises(UnknownProduct):
        report(bert(), "nobody", ENERGY)
    with pytest.raises(OptionError, match="did not exist as of 2020-01-01"):
        late = graph("a -> b", own={"a": 1.0}, products={"b": {"created_at": "2024-05-01"}})
        report(late, "b", Run(as_of="2020-01-01"))
    with pytest.raises(OSError, match="missing"):
        report(bert(), "student", ENERGY, to=tmp_path / "missing" / "a.html")


@pytest.mark.slow
def test_equal_input_gives_equal_bytes_in_every_process() -> None:
    program = (
        "import hashlib; from lineage.testing import graph; from lineage.reports import report; "
        "made = graph('dataset:w, dataset:x -> a -> b, c, d', 'b, c -> e', own={'a': 9.0, 'b': 1.0, 'w': 2.0}); "
        "texts = [report(made, 'e', to=to) for to in ('html', 'markdown', 'card')] + [report(made)]; "
        "print(hashlib.sha256(''.join(texts).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
