"""Why is it this number: formulas, inputs and sources as a tree, and the decomposition path by path.

Names are loaded when they are first used: whoever only wants the wording does not pay for the computing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.explanation.answer import Explanation, Input
    from lineage.explanation.opening import explain
    from lineage.explanation.pathways import Path, Paths, paths

# public name -> module that holds it
_WHERE = {
    "Explanation": "lineage.explanation.answer",
    "Input": "lineage.explanation.answer",
    "Path": "lineage.explanation.pathways",
    "Paths": "lineage.explanation.pathways",
    "explain": "lineage.explanation.opening",
    "paths": "lineage.explanation.pathways",
}

__all__ = ["Explanation", "Input", "Path", "Paths", "explain", "paths"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'lineage.explanation' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
