"""How many different values a column has, in 16 kilobytes, whatever its size (HyperLogLog, Flajolet et al. 2007)."""

from __future__ import annotations

import math

import numpy as np

from jutong.library.digest import Words

BITS = 14
"""Registers are 2 to the power of so many; the error is about 0.8 %."""

EXACT = 4_096
"""Up to so many different values they are simply kept."""
_SIZE = 1 << BITS
_ALPHA = 0.7213 / (1 + 1.079 / _SIZE)
_SPARSE = 2.5
"""Below so many values a register empty ones tell more than full ones."""


class Distinct:
    """Counts different hashes of 64 bits."""

    def __init__(self) -> None:
        self._kept: Words | None = np.array([], dtype=np.uint64)
        self._registers = np.zeros(_SIZE, dtype=np.uint8)

    def add(self, hashes: Words) -> None:
        """Take hashes of values in; the order and how often one comes do not matter."""
        if self._kept is not None:
            self._kept = np.union1d(self._kept, hashes)
            if self._kept.size <= EXACT:
                return
            hashes, self._kept = self._kept, None
        places = (hashes >> np.uint64(64 - BITS)).astype(np.int64)
        # The rest as a number below 1: its exponent says how many zeros it begins with.
        rest = (hashes << np.uint64(BITS)).astype(np.float64) / 2.0**64
        zeros = np.where(rest > 0, -np.frexp(rest)[1], 64 - BITS)
        np.maximum.at(self._registers, places, np.clip(zeros, 0, 64 - BITS).astype(np.uint8) + np.uint8(1))

    def count(self) -> int:
        """Return how many different ones came."""
        if self._kept is not None:
            return int(self._kept.size)
        guess = _ALPHA * _SIZE**2 / float(np.sum(np.exp2(-self._registers.astype(np.float64))))
        empty = int(np.count_nonzero(self._registers == 0))
        if empty and guess <= _SPARSE * _SIZE:
            guess = _SIZE * math.log(_SIZE / empty)
        return round(guess)
