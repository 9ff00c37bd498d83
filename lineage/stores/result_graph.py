"""The nodes and relationships in the rows of a query, as one networkx graph."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["subgraph_of"]


def subgraph_of(records: Iterable[Mapping[str, Any]]) -> "nx.MultiDiGraph[str]":
    """Return every node and relationship in these rows. What it holds: `Result.to_networkx`."""
    import networkx as nx

    nodes: dict[str, Any] = {}
    relationships: dict[str, Any] = {}
    for record in records:
        for item in _graph_parts(list(record.values())):
            if hasattr(item, "labels"):
                # An end of a relationship comes without its labels where the query did not return it.
                if item.labels or item.element_id not in nodes:
                    nodes[item.element_id] = item
            else:
                relationships[item.element_id] = item
    for item in relationships.values():
        for end in (item.start_node, item.end_node):
            if end is not None:
                nodes.setdefault(end.element_id, end)
    names = _names(nodes)
    made: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    made.add_nodes_from((names[key], {**item, "labels": sorted(item.labels)}) for key, item in nodes.items())
    for item in relationships.values():
        start, end = names[item.start_node.element_id], names[item.end_node.element_id]
        # A second relationship of the same type between the same two nodes keeps its own key.
        key = item.type if not made.has_edge(start, end, item.type) else item.element_id
        made.add_edge(start, end, key)
        made.edges[start, end, key].update({**item, "type": item.type})
    return made


def _names(nodes: Mapping[str, Any]) -> dict[str, str]:
    told = {key: item.get("id") for key, item in nodes.items()}
    count = Counter(name for name in told.values() if isinstance(name, str))
    return {key: name if isinstance(name, str) and count[name] == 1 else key for key, name in told.items()}


def _graph_parts(values: list[Any]) -> Iterator[Any]:
    """Yield nodes and relationships, also those inside paths, lists and maps."""
    waiting = values
    while waiting:
        value = waiting.pop()
        if hasattr(value, "nodes") and hasattr(value, "relationships"):
            waiting += [*value.nodes, *value.relationships]
        elif hasattr(value, "labels") or hasattr(value, "start_node"):
            yield value
        elif isinstance(value, list | tuple):
            waiting += value
        elif isinstance(value, Mapping):
            waiting += value.values()
