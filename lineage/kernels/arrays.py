"""Names of the array types that kernels and views pass around; shapes stand in the docstrings."""

from typing import Any

import numpy as np

__all__ = ["Codes", "Flags", "Floats", "Offsets"]

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Codes = np.ndarray[Any, np.dtype[np.int32]]
Offsets = np.ndarray[Any, np.dtype[np.int64]]
