"""Explanations: formulas with their numbers, reasons for shares, and paths that add up to the EPC."""

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.costs import own_cost_parts
from lineage.errors import OptionError, UnknownProduct
from lineage.explanation import Explanation, explain, paths, pathways
from lineage.graph import Graph
from lineage.run import Run
from lineage.testing import graph
from lineage.views.cost import cost

JOB = {
    "id": "distil",
    "product": "model:student",
    "phase": "distillation",
    "device_count": 8.0,
    "power_w": 250.0,
    "duration_h": 84.0,
    "pue": 1.0,
    "citation": "Sanh et al. 2019",
}
ENERGY = Run(impact="energy")


def bert() -> Graph:
    return graph(
        "dataset:books, dataset:wiki -> teacher -[distillation]-> student",
        products={"teacher": {"own_energy_kwh": 1507.0, "citation": "Strubell et al. 2019"}},
        jobs=[JOB],
    )


def walk(item: Explanation) -> list[Explanation]:
    return [item, *(below for child in item.children for below in walk(child))]


def found(root: Explanation, title: str) -> Explanation:
    return next(item for item in walk(root) if item.title.startswith(title))


def test_the_number_is_the_epc_and_the_parts_add_up() -> None:
    root = explain(bert(), "student", ENERGY)
    assert (root.title, root.value, root.unit) == ("EPC of model:student", 921.5, "kWh")
    assert root.figure == "≥ 921.5 kWh"
    own, inherited = found(root, "own cost of model:student"), found(root, "inherited from model:teacher")
    assert own.value == 168.0 and inherited.value == 753.5
    assert inherited.formula == "50 % x ≥ 1,507 kWh"
    assert found(root, "share of model:teacher").note == "half: 1 child + its own use, policy equal"


def test_own_costs_are_opened_into_jobs_with_sources() -> None:
    job = found(explain(bert(), "student", ENERGY), "job distil")
    assert job.formula.startswith("8 devices x 250 W x 84 h") and job.sources == ("Sanh et al. 2019",)
    assert {item.name: item.value for item in job.inputs}["devices"] == 8.0


def test_unknown_products_are_named_and_never_zero() -> None:
    root = explain(bert(), "student", ENERGY)
    note = found(root, "not covered").note
    assert "dataset:books" in note and "dataset:wiki" in note and "no published figure" in note
    books = found(root, "inherited from dataset:books")
    assert books.value is None and books.figure == "?" and books.formula == "100 % x ?"
    assert books.note == "all: 1 child, no own use, policy equal; no published figure"
    assert "inherited ?" in found(root, "EPC of model:teacher").formula
    assert "known for 2 of 4" in root.note


def test_conservation_is_told() -> None:
    assert "relative difference 0.0e+00" in found(explain(bert(), "student", ENERGY), "conservation").note
    text = found(explain(bert(), "student", Run(impact="energy", policy="full")), "conservation").note
    assert text == "does not apply under policy full"
    over = graph("u -[0.9]-> v", "u -[0.9]-> w", own={"u": 10.0, "v": 1.0, "w": 1.0})
    assert "does not conserve: 8 g" in found(explain(over, "v"), "conservation").note
    assert "no own cost is known" in found(explain(graph("u -> v"), "v"), "conservation").note


@pytest.mark.parametrize(
    ("run", "drawn", "expected"),
    [
        (Run(), ["u -[0.25]-> v"], "explicit weight 0.25"),
        (Run(), ["u -> v", "u -> w"], "a third: 2 children + its own use, policy equal"),
        (Run(retain=False), ["u -> v", "u -> w"], "half: 2 children, no own use, policy equal"),
        (
            Run(),
            ["u -> v", "u -[0.5]-> w"],
            "half of the 50 % that explicit weights leave: 1 child + its own use",
        ),
        (
            Run(policy="half"),
            ["u -> v"],
            "half stays with its own use, half goes to its one child, policy half",
        ),
        (Run(policy="half", users="deployed"), ["u -> v"], "all: 1 child, no own use, policy half"),
        (Run(policy="cutoff"), ["u -> v"], "nothing: reuse is free, policy cutoff"),
        (Run(policy="full"), ["u -> v"], "all of it, to every child, policy full"),
        (Run(policy="cff", cff_a=0.2), ["u -> v"], "(cff misses a value)"),
        (Run(policy="merge"), ["u -> v"], "in proportion to merge coefficients"),
        (
            Run(policy="property", property="downloads"),
            ["u -> v"],
            "in proportion to downloads over 1 child and own use: 30",
        ),
        (Run(policy="property", property="tokens"), ["u -> v"], "policy equal (property misses a value)"),
    ],
)
def test_every_share_has_its_reason(run: Run, drawn: list[str], expected: str) -> None:
    made = graph(
        *drawn, own={"u": 9.0, "v": 1.0}, products={"u": {"downloads": 10.0}, "v": {"downloads": 30.0}}
    )
    root = explain(made, "v", run)
    share = found(root, "share of model:u")
    assert expected in share.note
    assert share.value == cost(made, run).weights["model:v", "model:u"][0]


def test_a_share_from_jobs_shows_its_hours() -> None:
    made = graph(
        "base",
        products={"platform:cluster": {"lifetime_h": 52560.0, "own_carbon_gco2e": 1000.0}},
        jobs=[
            {
                "product": "model:base",
                "phase": "training",
                "platform": "platform:cluster",
                "duration_h": 120.0,
            }
            | {"concurrent_jobs": 10.0, "energy_kwh": 5.0, "pue": 1.0, "grid_intensity_gco2e_per_kwh": 100.0}
        ],
    )
    note = found(explain(made, "base"), "share of platform:cluster").note
    assert note == "job: 120 h of 52,560 h, 10 jobs at once"


def test_a_figure_that_lost_is_shown_with_the_reason() -> None:
    made = graph("student", products={"student": {"own_energy_kwh": 150.0, "tier": "imputed"}}, jobs=[JOB])
    lost = found(explain(made, "student", ENERGY), "not used")
    assert lost.value == 150.0 and lost.note.startswith("lost to the sum of its jobs: ")
    measured = graph(
        "student", products={"student": {"own_energy_kwh": 168.0, "tier": "measured"}}, jobs=[JOB]
    )
    assert found(explain(measured, "student", ENERGY), "not used").note.startswith(
        "lost to the printed total: measured"
    )


def test_depth_ends_with_an_explicit_rest() -> None:
    made = graph("a -> b -> c -> d", own=dict.fromkeys("abcd", 8.0))
    rest = found(explain(made, "d", depth=1), "inherited from 1 parent that is not opened")
    assert rest.note == "not opened: the depth ends here: model:b"
    assert rest.value == pytest.approx(0.5 * 12.0)


def test_many_parents_end_with_an_explicit_rest() -> None:
    parents = ", ".join(f"p{number:02}" for number in range(40))
    made = graph(f"{parents} -> v", own={f"p{number:02}": 1.0 + number for number in range(40)})
    rest = found(explain(made, "v"), "inherited from 15 parents that are not opened")
    assert rest.value == pytest.approx(sum(0.5 * (1.0 + number) for number in range(15)))


def test_a_product_reached_twice_is_opened_once() -> None:
    made = graph("a -> b, c", "b, c -> d", own=dict.fromkeys("abcd", 8.0))
    titles = [(item.title, item.note) for item in walk(explain(made, "d")) if item.title == "EPC of model:a"]
    assert sorted(note for _, note in titles) == ["", "opened above"]


def test_wrong_questions_are_errors() -> None:
    with pytest.raises(UnknownProduct):
        explain(bert(), "nobody", ENERGY)
    with pytest.raises(OptionError, match="0 to 40"):
        explain(bert(), "student", ENERGY, depth=41)
    later = graph("a -> b", own={"a": 1.0}, products={"b": {"created_at": "2024-05-01"}})
    with pytest.raises(OptionError, match="did not exist as of 2023"):
        explain(later, "b", Run(as_of="2023-01-01"))


def test_the_text_is_a_tree_and_the_dictionary_is_json() -> None:
    root = explain(bert(), "student", ENERGY)
    lines = str(root).splitlines()
    assert lines[0] == "EPC of model:student  ≥ 921.5 kWh"
    assert any(line.startswith("├─ own cost of model:student") for line in lines)
    document = json.loads(json.dumps(root.as_dict(), allow_nan=False))
    assert document["schema"] == "lineage/explain/1" and document["value"] == 921.5


def test_the_text_shows_what_a_name_would_hide() -> None:
    made = graph("a", own={"a": 1.0}, products={"a": {"citation": "\x1b[2Jnothing\u202e\nhere"}})
    lines = explain(made, "a").lines()
    assert any("\\x1b[2Jnothing\\u202e\\nhere" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def test_paths_are_the_largest_first_and_add_up() -> None:
    made = graph("a -> b -[0.25]-> d", "a -> c -[0.5]-> d", own={"a": 90.0, "b": 4.0, "c": 2.0, "d": 1.0})
    all_of_them = paths(made, "d")
    assert {row.products: row.contribution for row in all_of_them.rows} == {
        ("model:a", "model:c", "model:d"): pytest.approx(15.0),
        ("model:a", "model:b", "model:d"): pytest.approx(7.5),
        ("model:d",): 1.0,
        ("model:b", "model:d"): 1.0,
        ("model:c", "model:d"): 1.0,
    }
    assert list(all_of_them.rows[0].shares) == pytest.approx([1 / 3, 0.5])
    assert all_of_them.remainder == 0.0 and not all_of_them.cyclic and all_of_them.complete
    two = paths(made, "d", top=2)
    assert two.remainder == pytest.approx(3.0) and two.total.best == pytest.approx(25.5)


def test_paths_of_what_is_not_known_are_none() -> None:
    unknown = paths(graph("a -> b"), "b")
    assert unknown.rows == () and unknown.remainder is None and unknown.total.best is None


def test_paths_go_round_a_cycle_and_say_so() -> None:
    made = graph("a -[0.5]-> b -[0.5]-> a", own={"a": 8.0, "b": 4.0})
    rounds = paths(made, "a", Run(cycles="solve"), 6)
    assert rounds.cyclic
    assert [row.contribution for row in rounds.rows] == [8.0, 2.0, 2.0, 0.5, 0.5, 0.125]
    assert rounds.remainder is not None and rounds.total.best is not None
    assert math.fsum(row.contribution for row in rounds.rows) + rounds.remainder == pytest.approx(
        rounds.total.best
    )


def test_a_search_without_end_is_stopped_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pathways, "MOST_STEPS", 50)
    ladder = [f"n{step} -> l{step}, r{step}" for step in range(12)] + [
        f"l{step}, r{step} -> n{step + 1}" for step in range(12)
    ]
    stopped = paths(graph(*ladder, own={"n0": 1.0}), "n12")
    assert not stopped.complete and stopped.remainder == stopped.total.best


def test_paths_as_json() -> None:
    document = json.loads(json.dumps(paths(bert(), "student", ENERGY).as_dict(), allow_nan=False))
    assert document["schema"] == "lineage/paths/1"
    assert sum(row["contribution"] for row in document["rows"]) == document["total"]["best"]


FORWARD = st.lists(
    st.tuples(st.integers(0, 7), st.integers(1, 8)).filter(lambda pair: pair[0] < pair[1]), max_size=20
)
OWN = st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=9, max_size=9)


@given(
    FORWARD,
    OWN,
    st.sampled_from([Run(), Run(policy="half"), Run(policy="full"), Run(policy="cutoff")]),
    st.integers(1, 40),
)
def test_paths_and_remainder_are_the_epc(
    pairs: list[tuple[int, int]], own: list[float | None], run: Run, top: int
) -> None:
    drawn = [f"p{parent} -> p{child}" for parent, child in pairs]
    made = graph("p8", *drawn, own={f"p{number}": value for number, value in enumerate(own)})
    opened = paths(made, "p8", run, top)
    expected = cost(made, run).row("p8").epc
    assert expected is not None and opened.total == expected
    if expected.best is None:
        assert opened.remainder is None
        return
    assert opened.remainder is not None
    assert math.fsum(row.contribution for row in opened.rows) + opened.remainder == pytest.approx(
        expected.best, rel=1e-9
    )
    assert opened.remainder >= -1e-9 * expected.best
    amounts = [row.contribution for row in opened.rows]
    assert all(after <= before * (1 + 1e-9) for before, after in pairwise(amounts))
    if len(opened.rows) < top:
        assert opened.remainder == pytest.approx(0.0, abs=1e-9 * (1 + expected.best))


@given(FORWARD, OWN)
def test_explained_parts_are_the_epc(pairs: list[tuple[int, int]], own: list[float | None]) -> None:
    made = graph(
        "p8",
        *(f"p{u} -> p{v}" for u, v in pairs),
        own={f"p{number}": value for number, value in enumerate(own)},
    )
    root = explain(made, "p8")
    row = cost(made).row("p8")
    assert row.epc is not None and root.value == row.epc.best
    parts = [item.value for item in root.children if item.title.startswith(("own cost", "inherited"))]
    known = [value for value in parts if value is not None]
    if parts and root.value is not None:
        assert math.fsum(known) == pytest.approx(root.value, rel=1e-9)


def test_parts_of_an_own_cost_are_the_ones_that_costs_know() -> None:
    made = bert()
    code = made.code("student")
    titles = {item.title for item in walk(explain(made, "student", ENERGY))}
    assert {part.name for part in own_cost_parts(made, ENERGY, code)} <= titles


def test_a_share_from_jobs_shows_the_hours_of_the_date() -> None:
    jobs = [
        {
            "product": "a",
            "platform": "q",
            "duration_h": 10.0,
            "concurrent_jobs": 2,
            "started_at": "2020-01-01",
        },
        {
            "product": "a",
            "platform": "q",
            "duration_h": 5.0,
            "concurrent_jobs": 5,
            "started_at": "2021-01-01",
        },
    ]
    made = graph("a", products={"platform:q": {"lifetime_h": 100.0, "own_carbon_gco2e": 1000.0}}, jobs=jobs)
    root = explain(made, "a", Run(as_of="2020-12-31"))
    share = found(root, "share of platform:q")
    assert (share.value, share.note) == (0.05, "job: 10 h of 100 h, 2 jobs at once")


def test_what_jobs_know_is_told_though_one_knows_nothing() -> None:
    jobs = [{"product": "m", "energy_kwh": 60.0, "pue": 1.0}, {"product": "m", "pue": 1.0}]
    own = found(explain(graph("m", jobs=jobs), "m", Run(impact="energy")), "own cost of model:m")
    assert (own.value, own.figure, own.formula) == (60.0, "≥ 60 kWh", "60 kWh + ?")


def test_what_is_inherited_in_part_is_at_least_that() -> None:
    made = graph("unknown -> half -> m", own={"half": 10.0, "m": 1.0})
    assert explain(made, "m").formula == "own 1 g + inherited ≥ 5 g"


def test_bounds_without_a_best_value_are_not_told_as_all_there_is() -> None:
    root = explain(graph("a -[0.5]-> m", own={"a": (5.0, None, 10.0), "m": 3.0}), "m")
    assert root.figure == "≥ 5.5 g" and "only bounds are known" in root.note
