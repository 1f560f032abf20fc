"""Where a register is put: PostgreSQL, SQLite or MariaDB. Each store skips a register that already stands there."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from jutong.demo.registers.all import TABLES

if TYPE_CHECKING:
    from jutong.demo.registers import Register

_FORMAT = 1
"""Raised when rows change though no table does, so that standing databases are made again."""


@dataclass(frozen=True)
class Stamp:
    """What a database was made of; another stamp means it is made again."""

    scale: float
    seed: int

    @property
    def number(self) -> int:
        """A positive 31-bit number for this seed, scale and shape of the tables."""
        return zlib.crc32(f"{_FORMAT}/{self.seed}/{self.scale}/{TABLES!r}".encode()) & 0x7FFF_FFFF

    @property
    def text(self) -> str:
        """The stamp as a comment a person can read."""
        return f"演示数据，均为虚构 (seed {self.seed}, scale {self.scale:g}, stamp {self.number})"


class Store(Protocol):
    """One database of one department."""

    def stands(self, stamp: Stamp) -> bool:
        """Tell whether the database is there, whole and of this stamp."""

    def load(self, register: Register, stamp: Stamp) -> None:
        """Make the database anew and fill it, whole or not at all."""
