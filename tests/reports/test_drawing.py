"""The picture: valid SVG, everything drawn or counted, left to right, nothing on top of anything."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.reports.drawing import Box, Line, Picture, draw, summarised
from lineage.reports.layout import BOX_GAP, layered, layers_of
from lineage.reports.pictures import picture_of_graph, picture_of_tree
from lineage.run import Run
from lineage.testing import graph
from lineage.views.cost import cost
from lineage.views.tree import tree

SVG = "{http://www.w3.org/2000/svg}"
LINKS = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=40)


def picture(count: int, links: list[tuple[int, int]], share: float | None = 0.5) -> Picture:
    boxes = tuple(
        Box(
            id=f"model:{number}", name=f"m{number}", kind="model", focus=number == 0, importance=float(number)
        )
        for number in range(count)
    )
    return Picture(
        "A title", "A description", boxes, tuple(Line(f"model:{u}", f"model:{v}", share) for u, v in links)
    )


def texts(svg: str) -> list[str]:
    return [item.text or "" for item in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_picture_has_title_description_names_kinds_and_figures() -> None:
    made = graph(
        "dataset:web -> base -[0.25]-> tuned", own={"base": 100.0, "tuned": 10.0, "dataset:web": 4.0}
    )
    root = ElementTree.fromstring(draw(picture_of_graph(cost(made))))
    assert root.get("role") == "img"
    labelled = (root.get("aria-labelledby") or "").split()
    assert {item.get("id") for item in root if item.tag in (f"{SVG}title", f"{SVG}desc")} == set(labelled)
    shown = [item.text for item in root.iter(f"{SVG}text")]
    shares = {"25\u2009%", "100\u2009%"}  # explicit; the only child of a data set that is not used itself
    figures = {"100 g", "104 g", "36 g"}
    assert {"web", "base", "tuned", "data set · reported", "model · reported"} | figures | shares <= set(
        shown
    )


def test_no_script_and_nothing_from_outside() -> None:
    svg = draw(picture(3, [(0, 1), (1, 2)]))
    assert "<script" not in svg and "href" not in svg and "url(" not in svg and "@import" not in svg
    assert svg.count("http") == 1, "only the name of the SVG namespace"


def test_the_thickness_is_the_share_and_unknown_is_dashed() -> None:
    def line(share: float | None) -> dict[str, str]:
        root = ElementTree.fromstring(draw(picture(2, [(0, 1)], share)))
        return next(
            item.attrib for item in root.iter(f"{SVG}path") if item.get("class", "").startswith("line")
        )

    widths = [float(line(share)["stroke-width"]) for share in (0.0, 0.25, 0.5, 1.0)]
    assert widths == sorted(widths) and widths[0] > 0 and widths[3] > 3 * widths[0]
    assert "open" in line(None)["class"] and "open" not in line(0.5)["class"]


def test_a_cycle_is_drawn_and_said() -> None:
    svg = draw(picture(3, [(0, 1), (1, 2), (2, 0)]))
    assert svg.count("closes a cycle</title>") == 1


def test_a_self_link_is_no_line() -> None:
    assert draw(picture(2, [(0, 0)])).count('class="line"') == 1, "only the one in the key"


def test_embedded_leaves_the_style_to_the_page() -> None:
    assert "<style" not in draw(picture(1, []), embedded=True) and "<style" in draw(picture(1, []))


def test_equal_pictures_give_equal_bytes_whatever_the_order_of_lines() -> None:
    links = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3)]
    assert draw(picture(4, links)) == draw(picture(4, list(reversed(links))))


def test_a_line_without_a_box_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        draw(picture(2, [(0, 7)]))


@pytest.mark.parametrize("count", [150, 400])
def test_what_is_not_drawn_is_counted_per_layer(count: int) -> None:
    small = summarised(picture(count, [(0, number) for number in range(1, count)]), 100)
    summaries = [box for box in small.boxes if box.kind == "summary"]
    assert sum(int(re.sub(r"\D", "", box.name)) for box in summaries) == count - (
        len(small.boxes) - len(summaries)
    )
    assert any(box.focus for box in small.boxes) and len(small.boxes) <= 100
    kept = {box.id for box in small.boxes}
    assert f"model:{count - 1}" in kept, "the most important ones stay"
    assert all(line.parent in kept and line.product in kept for line in small.lines)
    assert f"of {count:,} products are drawn" in small.caption[-1]
    assert any(text.startswith("… and ") for text in texts(draw(small)))


def test_a_large_picture_is_summarised_by_itself() -> None:
    svg = draw(picture(500, [(0, number) for number in range(1, 500)]))
    assert svg.count('<g class="node') < 210


def test_a_tree_without_figures_is_drawn() -> None:
    made = graph("dataset:web -> base -[0.25, fine-tune]-> tuned")
    svg = draw(picture_of_tree(tree(made, "base")))
    assert "25\u2009%" in texts(svg) and "fine-tune" in svg and "share not known" in svg


def test_dropped_edges_stay_visible() -> None:
    made = graph("a -> b -> a", own={"a": 1.0})
    assert "dropped to break a cycle" in draw(picture_of_graph(cost(made, Run(cycles="break"))))


def test_layers_follow_the_longest_path_and_sources_stand_next_to_their_children() -> None:
    links = [("a", "b"), ("b", "c"), ("a", "c"), ("late", "c")]
    assert layers_of(["a", "b", "c", "late"], links) == {"a": 0, "b": 1, "c": 2, "late": 1}


@given(LINKS)
def test_layouts_keep_distance_and_direction(pairs: list[tuple[int, int]]) -> None:
    heights = {f"m{number}": 60.0 + 10.0 * (number % 3) for number in range(15)}
    links = [(f"m{u}", f"m{v}") for u, v in pairs]
    layout = layered(heights, links)
    for u, v in set(links):
        if u != v:
            step = layout.layer[v] - layout.layer[u]
            assert step < 0 if (u, v) in layout.reversed else step > 0
            assert len(layout.routes[u, v]) == abs(step) + 1
    for layer in set(layout.layer.values()):
        column = sorted((layout.middle[name], name) for name in heights if layout.layer[name] == layer)
        for (above, upper), (below, lower) in pairwise(column):
            assert below - above >= (heights[upper] + heights[lower]) / 2 + BOX_GAP - 1e-6
    assert min(layout.middle[name] - heights[name] / 2 for name in heights) >= -1e-6
    assert layout.height == pytest.approx(max(layout.middle[name] + heights[name] / 2 for name in heights))


@given(LINKS, st.one_of(st.none(), st.floats(-1, 2)))
def test_every_picture_is_xml(pairs: list[tuple[int, int]], share: float | None) -> None:
    root = ElementTree.fromstring(draw(picture(15, pairs, share)))
    numbers = root.get("viewBox", "").split()
    assert (
        float(numbers[2]) > 0
        and float(numbers[3]) > 0
        and "nan" not in ElementTree.tostring(root, encoding="unicode")
    )
