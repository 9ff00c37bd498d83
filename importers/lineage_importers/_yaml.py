"""YAML from strangers: read event by event, with limits, so that nothing is executed and nothing explodes.

Only plain data: text, numbers, true, false, null, lists and mappings. Depth, the number of values (an alias
counts as often as it stands for) and the size are bounded before anything is built.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Final, NoReturn

from lineage.errors import ImportFault

__all__ = ["FrontMatter", "front_matter"]

DEPTH: Final = 50
VALUES: Final = 50_000
CHARACTERS: Final = 1 << 20

_PREFIX: Final = "tag:yaml.org,2002:"
_PLAIN: Final = ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "seq", "map")


@dataclass(frozen=True)
class FrontMatter:
    """The mapping on top of a card, the line of each of its keys, and keys that stand there twice."""

    values: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)
    repeated: tuple[tuple[str, int], ...] = ()


def front_matter(text: str, address: str) -> FrontMatter:
    """Return what stands between the first two lines `---`. Raises `ImportFault` with the line."""
    first, _, rest = text.partition("\n")
    if first.rstrip() != "---":
        raise ImportFault(address, "line 1", "no front matter; a card begins with a line ---")
    lines = rest.split("\n")
    end = next((number for number, line in enumerate(lines) if line.rstrip() in ("---", "...")), None)
    if end is None:
        raise ImportFault(address, "line 1", "the front matter is not closed by a line ---")
    inner = "\n".join(lines[:end])
    if len(inner) > CHARACTERS:
        raise ImportFault(
            address, "line 1", f"front matter of {len(inner):,} characters; {CHARACTERS:,} are the limit"
        )
    reader = _Reader(address, first_line=2)
    values = reader.read(inner)
    if not isinstance(values, dict):
        raise ImportFault(address, "line 2", "the front matter is not a mapping of keys to values")
    return FrontMatter(values, reader.lines, tuple(reader.repeated))


@dataclass
class _Open:
    """A list or mapping that is being filled; `size` counts the values in it."""

    value: Any
    anchor: str | None
    key: Any = None
    has_key: bool = False
    size: int = 1


@dataclass
class _Reader:
    address: str
    first_line: int
    lines: dict[str, int] = field(default_factory=dict)
    repeated: list[tuple[str, int]] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    root: Any = None
    total: int = 0
    line: int = 0

    def read(self, text: str) -> Any:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            for event in yaml.parse(text, Loader=loader):
                mark = event.start_mark
                self.line = self.first_line + (mark.line if mark else 0)
                self._take(event, yaml)
        except yaml.MarkedYAMLError as problem:
            mark = problem.problem_mark or problem.context_mark
            self.line = self.first_line + (mark.line if mark else 0)
            self._fail(f"not YAML: {problem.problem or problem.context}")
        except yaml.YAMLError as problem:
            position = getattr(problem, "position", 0)
            self.line = self.first_line + text.count("\n", 0, position)
            self._fail(f"not YAML: {getattr(problem, 'reason', problem)}")
        return self.root

    def _take(self, event: Any, yaml: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                self._fail(f"*{event.anchor} stands for a value that is not complete here")
            value, size = self.anchors[event.anchor]
            self._count(size)
            self._put(value, size)
        elif isinstance(event, yaml.ScalarEvent):
            self._count(1)
            value = self._scalar(event)
            if event.anchor:
                self.anchors[event.anchor] = (value, 1)
            self._put(value, 1)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            self._count(1)
            self._check_tag(event.tag)
            if len(self.stack) >= DEPTH:
                self._fail(f"nested deeper than {DEPTH} levels")
            self.stack.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor))
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            done = self.stack.pop()
            if done.anchor:
                self.anchors[done.anchor] = (done.value, done.size)
            self._put(done.value, done.size)

    def _put(self, value: Any, size: int) -> None:
        """Put a finished value where it belongs."""
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        top.size += size
        if isinstance(top.value, list):
            top.value.append(value)
        elif not top.has_key:
            if isinstance(value, list | dict):
                self._fail("a key must be text, not a list or a mapping")
            top.key, top.has_key = str(value), True
            if top.key in top.value:
                self.repeated.append((top.key, self.line))
            if len(self.stack) == 1:
                self.lines[top.key] = self.line
        else:
            top.value[top.key] = value
            top.has_key = False

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        try:
            text.encode()
        except UnicodeEncodeError:
            self._fail("half of a surrogate pair; the text was cut in two")
        self._check_tag(event.tag)
        try:
            value = _constructor()(event.tag, text, event.implicit)
        except (ValueError, OverflowError):
            value = text  # a date that no calendar has, a number of 5,000 digits: whoever needs it will judge
        return value.isoformat() if isinstance(value, date) else value

    def _check_tag(self, tag: str | None) -> None:
        if tag is not None and tag != "!" and tag.removeprefix(_PREFIX) not in _PLAIN:
            shown = ascii(tag.replace(_PREFIX, "!!"))[1:-1]
            self._fail(f"the tag {shown} is refused; cards hold plain data only")

    def _count(self, values: int) -> None:
        self.total += values
        if self.total > VALUES:
            self._fail(f"more than {VALUES:,} values, aliases counted as often as they stand for one")

    def _fail(self, problem: str) -> NoReturn:
        raise ImportFault(self.address, f"line {self.line}", problem)


@cache
def _constructor() -> Callable[[str | None, str, tuple[bool, bool]], Any]:
    """Return a function that turns a scalar into its value by the rules of safe YAML."""
    import yaml

    loader = yaml.SafeLoader("")

    def construct(tag: str | None, text: str, implicit: tuple[bool, bool]) -> Any:
        if tag is None or tag == "!":
            tag = loader.resolve(yaml.ScalarNode, text, implicit)  # type: ignore[no-untyped-call]
        if tag.removeprefix(_PREFIX) in ("merge", "value"):
            return text
        return loader.construct_object(yaml.ScalarNode(tag, text))

    return construct
