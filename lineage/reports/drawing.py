"""A small lineage as one standalone SVG picture: what it was made of on the left, what was made of it on the right.

No scripts, no external references, all names escaped, equal bytes for equal input. Kinds differ by shape and by
words, not only by colour; the colours are those of Okabe and Ito (2008), which colour-blind readers can tell apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from textwrap import wrap
from typing import Final

from lineage.explanation.wording import percent
from lineage.reports.escaping import clipped, visible, xml_text
from lineage.reports.layout import Layout, layered, layers_of

__all__ = ["STYLE", "Box", "Line", "Picture", "draw", "summarised"]

BOX_WIDTH: Final = 216.0
LAYER_GAP: Final = 104.0
MARGIN: Final = 20.0
CAPTION_CHARACTER: Final = 6.1  # mean width in pixels of a character of the caption
DRUM: Final = 5  # the lid of a drum takes this much from its text
MOST_BOXES: Final = 200
WIDE: Final = 1360.0  # wider pictures carry the class `wide`: a page scrolls them instead of shrinking them
MOST_LABELS: Final = 45  # beyond this many lines their shares are in the tooltips only
KIND_WORDS: Final = {"model": "model", "dataset": "data set", "platform": "platform", "summary": "not drawn"}

STYLE: Final = """
.lineage-drawing{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
--ink:#1b2530;--soft:#5a6875;--paper:#fff;--line:#8494a3;--model:#0072b2;--dataset:#b26a00;--platform:#00795a;
--summary:#6b7780;--halo:#fff}
.lineage-drawing text{fill:var(--ink);font-size:12px}
.lineage-drawing .name{font-size:13px;font-weight:650}
.lineage-drawing .kind,.lineage-drawing .note{fill:var(--soft);font-size:11px}
.lineage-drawing .figure{text-anchor:end;font-variant-numeric:tabular-nums}
.lineage-drawing .line{fill:none;stroke:var(--line);stroke-opacity:.62}
.lineage-drawing .open{stroke-dasharray:5 4}
.lineage-drawing .share{fill:var(--soft);font-size:11px;text-anchor:middle;paint-order:stroke;stroke:var(--halo);
stroke-width:4px;stroke-linejoin:round}
.lineage-drawing .box{fill:var(--paper);stroke-width:1.4}
.lineage-drawing .focus .box{stroke-width:3}
.lineage-drawing .nameless .box{stroke-dasharray:4 3}
.lineage-drawing .model .box{stroke:var(--model)}.lineage-drawing .model .own{fill:var(--model)}
.lineage-drawing .dataset .box{stroke:var(--dataset)}.lineage-drawing .dataset .own{fill:var(--dataset)}
.lineage-drawing .platform .box{stroke:var(--platform)}.lineage-drawing .platform .own{fill:var(--platform)}
.lineage-drawing .summary .box{stroke:var(--summary);stroke-dasharray:2 3}
.lineage-drawing .whole{fill:var(--line);fill-opacity:.3}
@media (prefers-color-scheme:dark){.lineage-drawing{--ink:#e8edf2;--soft:#a3b0bc;--paper:#1c242c;--line:#8fa1b3;
--model:#56b4e9;--dataset:#e69f00;--platform:#2fbf95;--summary:#94a1ac;--halo:#12181e}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A product: figures are (label, value) lines, `own_part` the own share of its EPC in [0, 1] where known.

    `importance` decides who is drawn when there are too many.
    """

    id: str
    name: str
    kind: str
    note: str = ""
    figures: tuple[tuple[str, str], ...] = ()
    known: bool = True
    focus: bool = False
    own_part: float | None = None
    importance: float = 0.0

    @property
    def height(self) -> float:
        """Height in pixels."""
        lid = 2.0 * DRUM if self.kind == "dataset" else 0.0
        return 50.0 + lid + 16.0 * len(self.figures) + (10.0 if self.own_part is not None else 0.0)


@dataclass(frozen=True, slots=True)
class Line:
    """`share` of the parent goes to the product: the thickness of the line; None is dashed."""

    parent: str
    product: str
    share: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn; `caption` lines stand below it (view, unit, policy, coverage)."""

    title: str
    description: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    caption: tuple[str, ...] = field(default=())


def summarised(picture: Picture, most: int = MOST_BOXES) -> Picture:
    """Return the picture with at most about `most` boxes: per layer one more that counts who is left out.

    The focus stays, then the most important ones. Lines to what is left out end at the counting box.
    """
    if len(picture.boxes) <= most:
        return picture
    ids = [box.id for box in picture.boxes]
    layer = layers_of(ids, [(line.parent, line.product) for line in picture.lines])
    room = max(most - len(set(layer.values())), 1)
    ranked = sorted(picture.boxes, key=lambda box: (not box.focus, -box.importance, box.id))
    kept = {box.id for box in ranked[:room]}
    at = _gathered({layer[name] for name in kept}, max(layer.values()))
    counts: dict[int, int] = {}
    for box in ranked[room:]:
        counts[at[layer[box.id]]] = counts.get(at[layer[box.id]], 0) + 1
    stands_for = {name: name if name in kept else f"summary:{at[layer[name]]}" for name in ids}
    boxes = tuple(box for box in picture.boxes if box.id in kept) + tuple(
        Box(id=f"summary:{place}", name=f"… and {count:,} more", kind="summary")
        for place, count in sorted(counts.items())
    )
    lines = {}
    for line in picture.lines:
        parent, product = stands_for[line.parent], stands_for[line.product]
        if (parent, product) == (line.parent, line.product):
            lines[parent, product] = line
        elif parent != product:
            lines.setdefault(
                (parent, product), Line(parent, product, None, "several lines, not drawn one by one")
            )
    left_out = f"{len(kept):,} of {len(picture.boxes):,} products are drawn; the rest is counted per layer"
    return replace(picture, boxes=boxes, lines=tuple(lines.values()), caption=(*picture.caption, left_out))


def _gathered(shown: set[int], last: int) -> dict[int, int]:
    """Return the layer at which each layer is counted: neighbouring layers without any box share one count."""
    at = {0: 0}
    for layer in range(1, last + 1):
        alone = layer not in shown and layer - 1 not in shown
        at[layer] = at[layer - 1] if alone else layer
    return at


def draw(picture: Picture, *, embedded: bool = False) -> str:
    """Return the picture as SVG text, in pixels; `embedded` leaves its style sheet (`STYLE`) to the page.

    Raises KeyError if a line names a product without a box.
    """
    picture = summarised(picture)
    boxes = {box.id: box for box in picture.boxes}
    layout = layered(
        {name: box.height for name, box in boxes.items()},
        ((line.parent, line.product) for line in picture.lines),
    )
    width = 2 * MARGIN + (max(layout.layer.values(), default=0) + 1) * (BOX_WIDTH + LAYER_GAP) - LAYER_GAP
    width = max(width, 560.0)
    legend, legend_height = _legend(picture, layout.height + 2 * MARGIN, width)
    height = layout.height + 2 * MARGIN + legend_height
    wide = " wide" if width > WIDE else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lineage-drawing{wide}" role="img" '
        f'aria-labelledby="drawing-title drawing-description" viewBox="0 0 {_px(width)} {_px(height)}" '
        f'width="{_px(width)}" height="{_px(height)}">',
        f'<title id="drawing-title">{xml_text(picture.title)}</title>',
        f'<desc id="drawing-description">{xml_text(picture.description)}</desc>',
        "" if embedded else f"<style>{STYLE}</style>",
        *_lines(picture, boxes, layout),
        *(_box(boxes[name], layout) for name in boxes),
        *legend,
        "</svg>\n",
    ]
    return "\n".join(part for part in parts if part)


def _px(value: float) -> str:
    """Return a coordinate with at most one decimal, the same on every machine."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _left(layer: int) -> float:
    return MARGIN + layer * (BOX_WIDTH + LAYER_GAP)


def _ports(picture: Picture, boxes: dict[str, Box], layout: Layout) -> dict[tuple[str, str, str], float]:
    """Return the height at which each line touches the box at its left or right end, spread in order."""
    ends: dict[tuple[str, str], list[tuple[float, tuple[str, str]]]] = {}
    for line in picture.lines:
        link = (line.parent, line.product)
        route = layout.routes.get(link)
        if route is None:
            continue
        left, right = reversed(link) if link in layout.reversed else link
        ends.setdefault((left, "right side"), []).append((route[1][1], link))
        ends.setdefault((right, "left side"), []).append((route[-2][1], link))
    ports = {}
    for (name, side), touching in ends.items():
        step = min(11.0, 0.62 * boxes[name].height / len(touching))
        for number, (_, link) in enumerate(sorted(touching)):
            ports[(*link, side)] = layout.middle[name] + MARGIN + (number - (len(touching) - 1) / 2) * step
    return ports


def _lines(picture: Picture, boxes: dict[str, Box], layout: Layout) -> Iterable[str]:
    ports = _ports(picture, boxes, layout)
    leaving = _counted(line.parent for line in picture.lines)
    arriving = _counted(line.product for line in picture.lines)
    labels = []
    for line in sorted(picture.lines, key=lambda line: (line.share or 0.0, line.parent, line.product)):
        link = (line.parent, line.product)
        if link not in layout.routes:
            continue
        points = _points(layout.routes[link], ports[(*link, "right side")], ports[(*link, "left side")])
        closes = link in layout.reversed
        thickness = 1.4 + 7.0 * min(max(line.share or 0.0, 0.0), 1.0)
        dashed = " open" if line.share is None or closes else ""
        words = f"share {percent(line.share)}" if line.share is not None else "share not known"
        note = f"; {line.note}" if line.note else ""
        cycle = "; closes a cycle" if closes else ""
        yield (
            f'<path class="line{dashed}" d="{_path(points)}" stroke-width="{_px(thickness)}"><title>'
            f"{xml_text(boxes[line.parent].name)} → {xml_text(boxes[line.product].name)}: {xml_text(words)}"
            f"{xml_text(note)}{cycle}</title></path>"
        )
        near_product = leaving[line.parent] >= arriving[line.product]
        x, y = _label_place(points, near_end=near_product != closes)
        if line.share is not None and len(picture.lines) <= MOST_LABELS:
            labels.append(f'<text class="share" x="{_px(x)}" y="{_px(y + 4)}">{_narrow(line.share)}</text>')
    yield from labels


def _narrow(share: float) -> str:
    """Return a percentage with a thin space, which the halo of the label covers."""
    return xml_text(percent(share)).replace(" ", "\u2009")


def _counted(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts


Point = tuple[float, float]


def _points(route: Sequence[tuple[int, float]], start: float, end: float) -> list[Point]:
    """Return the corners of a line: from one box through its waypoints (straight under a layer) to the other."""
    points = [(_left(route[0][0]) + BOX_WIDTH, start)]
    for layer, height in route[1:-1]:
        points += [(_left(layer), height + MARGIN), (_left(layer) + BOX_WIDTH, height + MARGIN)]
    return [*points, (_left(route[-1][0]), end)]


def _path(points: Sequence[Point]) -> str:
    parts = [f"M{_px(points[0][0])} {_px(points[0][1])}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (x + to_x) / 2
        parts.append(f"C{_px(middle)} {_px(y)} {_px(middle)} {_px(to_y)} {_px(to_x)} {_px(to_y)}")
    return "".join(parts)


def _label_place(points: Sequence[Point], *, near_end: bool) -> Point:
    """Return the point at 28 or 72 % of the first or last curve, where parallel lines lie apart."""
    (x, y), (to_x, to_y) = points[-2:] if near_end else points[:2]
    t = 0.72 if near_end else 0.28
    s = 1 - t
    middle = (x + to_x) / 2
    curve_x = s**3 * x + 3 * s * s * t * middle + 3 * s * t * t * middle + t**3 * to_x
    curve_y = s**3 * y + 3 * s * s * t * y + 3 * s * t * t * to_y + t**3 * to_y
    return curve_x, curve_y


def _box(box: Box, layout: Layout) -> str:
    x, y = _left(layout.layer[box.id]), layout.middle[box.id] + MARGIN - box.height / 2
    kind = KIND_WORDS.get(box.kind, box.kind)
    about = "; ".join(
        (kind, *(f"{label} {value}" for label, value in box.figures), *([box.note] if box.note else []))
    )
    owner, _, short = box.name.rpartition("/")
    note = " · ".join(part for part in (kind, box.note, owner) if part)
    classes = " ".join(
        ["node", box.kind if box.kind in KIND_WORDS else "model"]
        + (["focus"] if box.focus else [])
        + ([] if box.known else ["nameless"])
    )
    shift = DRUM if box.kind == "dataset" else 0
    text = [
        f'<text class="name" x="14" y="{23 + shift}">{xml_text(clipped(short or box.name, 23))}</text>',
        f'<text class="kind" x="14" y="{39 + shift}">{xml_text(clipped(note, 33))}</text>',
    ]
    for number, (label, value) in enumerate(box.figures):
        place = 58 + shift + 16 * number
        text.append(f'<text class="note" x="14" y="{place}">{xml_text(label)}</text>')
        text.append(
            f'<text class="figure" x="{_px(BOX_WIDTH - 14)}" y="{place}">{xml_text(clipped(value, 22))}</text>'
        )
    return (
        f'<g class="{classes}" transform="translate({_px(x)} {_px(y)})"><title>{xml_text(clipped(box.name, 400))}: '
        f"{xml_text(about)}</title>{_shape(box.kind, BOX_WIDTH, box.height)}"
        f'<svg width="{_px(BOX_WIDTH)}" height="{_px(box.height)}">{"".join(text)}</svg>{_bar(box, shift)}</g>'
    )


def _bar(box: Box, shift: int) -> str:
    """Return the bar at the foot of a box: the filled part is the product's own share of its EPC."""
    if box.own_part is None:
        return ""
    whole, y = BOX_WIDTH - 28, _px(box.height - 13 - shift)
    own = whole * min(max(box.own_part, 0.0), 1.0)
    return (
        f'<rect class="whole" x="14" y="{y}" width="{_px(whole)}" height="4" rx="2"/>'
        f'<rect class="own" x="14" y="{y}" width="{_px(own)}" height="4" rx="2"/>'
    )


def _shape(kind: str, width: float, height: float) -> str:
    """Return the outline: rounded box (model), drum (data set), cut corners (platform), bare box (counts)."""
    w, h = _px(width), _px(height)
    if kind == "dataset":
        return (
            f'<path class="box" d="M0 6C0 -2 {w} -2 {w} 6V{_px(height - 6)}C{w} {_px(height + 2)} 0 {_px(height + 2)} '
            f'0 {_px(height - 6)}Z"/><path class="box" fill-opacity="0" d="M0 6C0 14 {w} 14 {w} 6"/>'
        )
    if kind == "platform":
        return (
            f'<path class="box" d="M10 0H{_px(width - 10)}L{w} 10V{_px(height - 10)}L{_px(width - 10)} {h}H10L0 '
            f'{_px(height - 10)}V10Z"/>'
        )
    return f'<rect class="box" width="{w}" height="{h}" rx="{9 if kind == "model" else 2}"/>'


def _legend(picture: Picture, top: float, width: float) -> tuple[list[str], float]:
    """Return the key to shapes and lines and the caption, and the height they take."""
    kinds = [
        kind for kind in KIND_WORDS if any(box.kind == kind for box in picture.boxes) and kind != "summary"
    ]
    parts, x = [], MARGIN
    for kind in kinds:
        parts.append(
            f'<g class="node {kind}" transform="translate({_px(x)} {_px(top)})">{_shape(kind, 30, 22)}'
            f'<text class="note" x="38" y="15">{KIND_WORDS[kind]}</text></g>'
        )
        x += 44 + 7.5 * len(KIND_WORDS[kind]) + 14
    if picture.lines:
        known = any(line.share is not None for line in picture.lines)
        words = (
            "share handed on (here 50 %); dashed: not known, or closes a cycle"
            if known
            else "share not known"
        )
        style = (
            f'class="line" stroke-width="{_px(1.4 + 7.0 * 0.5)}"'
            if known
            else 'class="line open" stroke-width="1.4"'
        )
        parts.append(
            f'<path {style} d="M{_px(x)} {_px(top + 11)}h30"/>'
            f'<text class="note" x="{_px(x + 38)}" y="{_px(top + 15)}">{words}</text>'
        )
    lines = list(picture.caption)
    if any(box.own_part is not None for box in picture.boxes):
        lines.append("bar in a box: the filled part of its EPC is its own cost, the rest is inherited")
    columns = int((width - 2 * MARGIN) / CAPTION_CHARACTER)
    lines = [piece for text in lines for piece in wrap(visible(text), columns)]
    for number, text in enumerate(lines):
        place = _px(top + 42 + 17 * number)
        parts.append(f'<text class="note" x="{_px(MARGIN)}" y="{place}">{xml_text(text)}</text>')
    return parts, 34.0 + 17.0 * len(lines) + MARGIN / 2
