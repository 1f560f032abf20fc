"""Each department's register: its tables and what stands in them, dirt included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter

    from jutong.demo.tables import Dialect, Row, Table


@dataclass(frozen=True)
class Register:
    """One department's database. ``marks`` counts the dirt by kind, ``dialect`` is where it stands by default."""

    name: str
    organisation_key: str
    dialect: Dialect
    contents: tuple[tuple[Table, list[Row]], ...]
    marks: Counter[str]
