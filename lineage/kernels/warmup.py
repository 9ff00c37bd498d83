"""Compiles every kernel ahead of time, so that the first large graph does not wait for it."""

from importlib import import_module
from pathlib import Path
from typing import Final

from lineage.kernels.jit import KERNELS

__all__ = ["MODULES", "warm_up"]

# Modules with compiled kernels. Each has `exercise()`, which calls every one with the types that are used.
MODULES: Final = ("fast", "tuned_edges", "plan", "compiled_reach", "adjoint", "increment")


def warm_up() -> tuple[int, list[Path]]:
    """Compile all kernels into numba's cache; return how many, and the folders that hold them.

    There are no folders where none can be written.
    """
    for module in MODULES:
        import_module(f"lineage.kernels.{module}").exercise()
    folders = {Path(item.stats.cache_path) for item in KERNELS if item.stats.cache_path}
    return len(KERNELS), sorted(folders)
