"""Why is it this number: formulas, inputs and sources as a tree, and the decomposition path by path."""

from lineage.explanation.answer import Explanation, Input
from lineage.explanation.opening import explain
from lineage.explanation.pathways import Path, Paths, paths

__all__ = ["Explanation", "Input", "Path", "Paths", "explain", "paths"]
