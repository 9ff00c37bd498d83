"""Names of the array types that kernels and views pass around; shapes stand in the docstrings."""

from typing import Any

import numpy as np

__all__ = ["Codes", "Flags", "Floats", "Indices", "Marks", "Offsets"]

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Codes = np.ndarray[Any, np.dtype[np.int32]]
Offsets = np.ndarray[Any, np.dtype[np.int64]]
Indices = np.ndarray[
    Any, np.dtype[np.uint32]
]  # unsigned codes: compiled loops then test for no negative ones
Marks = np.ndarray[Any, np.dtype[np.uint8]]
