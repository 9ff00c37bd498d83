"""docs/queries.md, made from the headers of the catalogue."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from lineage.catalogue.header import Entry
from lineage.catalogue.shelf import catalogue

__all__ = ["catalogue_page"]

_HEAD: Final = """\
# Questions

Every question of the catalogue, made from the headers of the files in `queries/` by `make docs`. Ask one with its name,
or with the last part of it where that is enough:

```text
lineage query --list
lineage query lineage/ancestors --param product=model:distilbert
lineage query bill --param product=distilbert --format csv --output bill.csv
```

Each is one statement of Neo4j 5 Cypher and means the same on a folder (through its offline index) and on a server;
parameters are always bound, and the files may be pasted into Neo4j's own tools as they are. Questions marked
*needs results* read the figures that `cost --write-back` puts on the nodes; the others that say "own carbon" use these
figures where they are there, and else what the sources report. A run under another prefix is read by `runs-compared`.

Products are named as `kind:name`. Unknown figures are null, never 0.
"""


def catalogue_page() -> str:
    """Return the page: every question with its parameters and columns, by group."""
    blocks = [_HEAD]
    for group, entries in groupby(catalogue().values(), key=lambda item: item.group):
        blocks.append(f"## {group}\n")
        blocks += ["\n".join(_entry_lines(item)) for item in entries]
    return "\n".join(blocks)


def _entry_lines(item: Entry) -> Iterator[str]:
    yield f"### {item.name}\n"
    yield item.question + (f" {item.about}" if item.about else "")
    if item.needs_results:
        yield "*Needs results.*"
    yield ""
    if item.parameters:
        yield "| parameter | type | default | what it is |\n|---|---|---|---|"
        for one in item.parameters:
            default = "required" if one.required else f"`{json.dumps(one.default, ensure_ascii=False)}`"
            yield f"| `{one.name}` | {one.type} | {default} | {one.about} |"
        yield ""
    columns = ", ".join(f"`{one.name}`" + (f" ({one.unit})" if one.unit else "") for one in item.columns)
    yield f"Returns {columns}.\n"
