"""Tells a broken index from a programmer's mistake."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager


class IndexBrokenError(Exception):
    """The index on disk cannot be read or written; the registry's own search answers until it is made anew."""


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn whatever the engine throws at a damaged or unwritable file into one error.

    The engine reports most faults as ``ValueError``; where a file is shorter than it should be it panics, and that
    is no ``Exception`` in Python.

    Raises:
        IndexBrokenError: for either.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, ValueError | OSError) and type(error).__name__ != "PanicException":
            raise
        # A writer that failed holds the folder's lock for as long as a variable of a left function names it.
        traceback.clear_frames(error.__traceback__)
        raise IndexBrokenError(str(error)) from None
