"""Arrow's kernels as they are used here: what type a column has is known when an order comes, not when this is checked.

The stubs have an overload for every type of column; a function over any of them fits none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow.compute

Array: TypeAlias = Any
Flags: TypeAlias = npt.NDArray[np.bool_]
Columns: TypeAlias = Mapping[str, Array]
Check: TypeAlias = Callable[[Columns], Flags]
"""Tells which rows of some columns are broken."""

pc: Any = pyarrow.compute


def flags(array: Array, *, null: bool = False) -> Flags:
    """Return a column of truths for numpy; ``null`` says what a null is."""
    found: Flags = pc.fill_null(array, null).to_numpy(zero_copy_only=False)
    return found
