"""The law's list of violations (条例 39-41), as data: whose duty, which clause, which late clocks are one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from jutong.standards.shipped import read_json


class Duty(StrEnum):
    """Whose duty is violated."""

    PROVIDER = "provider"
    REQUESTER = "requester"
    AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class Offence:
    """One kind of violation in one version; ``periods`` are the clocks whose breach is one."""

    code: str
    name: str
    name_en: str
    clause: str
    duty: Duty
    periods: tuple[str, ...]
    version: int
    effective_from: date


@lru_cache(maxsize=1)
def offences() -> dict[str, Offence]:
    """Return every kind of violation by code, in the order of the law."""
    rows = (
        Offence(
            **{
                **row,
                "duty": Duty(row["duty"]),
                "periods": tuple(row["periods"]),
                "effective_from": date.fromisoformat(row["effective_from"]),
            }
        )
        for row in read_json("violations.json")
    )
    return {row.code: row for row in rows}


@lru_cache(maxsize=1)
def by_period() -> dict[str, Offence]:
    """Return the violation that a clock's breach is, by period; periods whose breach is none are left out."""
    return {period: offence for offence in offences().values() for period in offence.periods}
