"""The one door to numba: kernels compiled once, kept in a cache on disk, and free to run beside other threads.

No fastmath, no fused multiply-add, no parallel loops: the bits of a sum depend on nothing but its order.
"""

import importlib.util
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

__all__ = ["KERNELS", "NEEDED", "at_hand", "installed", "kernel"]

NEEDED: Final = "needs numba; install it with: pip install 'lineage-epc[fast]'"

F = TypeVar("F", bound=Callable[..., Any])


KERNELS: Final[list[Any]] = []  # every kernel of the modules imported so far


def kernel(function: F) -> F:
    """Compile a function of numbers and arrays at its first call, or take it from the cache.

    Where no folder for a cache can be written, it is compiled anew in every process.
    """
    from numba import njit

    try:
        compiled: Any = njit(cache=True, nogil=True)(function)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        compiled = njit(nogil=True)(function)
    KERNELS.append(compiled)
    kept: F = compiled
    return kept


def installed() -> bool:
    """Tell whether numba could be imported, without importing it."""
    return importlib.util.find_spec("numba") is not None


def at_hand() -> bool:
    """Tell whether numba has been imported by this process already, so that using it costs little."""
    return sys.modules.get("numba") is not None
