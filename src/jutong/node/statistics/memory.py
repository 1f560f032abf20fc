"""What organisations were answered lately, so that no two answers can be held against each other to see single ones.

Kept are the conditions they asked under. They are no rows; they stay at the node all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from jutong.contracts.envelope import Document
from jutong.contracts.statistics import GroupBy, StatFilter, StatisticsQuery
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.library.statistics.compute import Former
from jutong.node.exchange.jobs import write_whole

FILE = ("node", "statistics.json")
DAY_MS = 86_400_000
MOST_COMPARED = 200


class TooManyQuestionsError(JutongError):
    """More different questions on one table than can be held against each other."""

    code = "node.statistics.too-many-questions"
    http_status = 429
    message = gettext_noop("本部门{days}天内对这张库表问过{limit}种不同的范围，已到上限。")
    next_step = gettext_noop("请沿用问过的范围，或等最早的过期后再问新的。")


class Asked(Document):
    """One question that was answered."""

    organisation_code: str
    table: str
    filters: Annotated[tuple[StatFilter, ...], Field(strict=False)]
    groups: Annotated[tuple[GroupBy, ...], Field(strict=False)]
    at_ms: int


_ROWS = TypeAdapter(list[Asked])


class Memory:
    """All of them; blocking, and for one at a time.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows = _ROWS.validate_json(path.read_bytes()) if path.exists() else []

    def formers(self, organisation_code: str, query: StatisticsQuery, *, days: int, now_ms: int) -> Sequence[Former]:
        """Return what a question's answer has to be held against.

        Raises:
            TooManyQuestionsError: when that is too much.
        """
        rows = [
            row
            for row in self._rows
            if (row.organisation_code, row.table) == (organisation_code, _table(query))
            and row.at_ms > now_ms - days * DAY_MS
        ]
        found: dict[tuple[StatFilter, ...], bool] = {}
        for row in rows:
            found[row.filters] = found.get(row.filters, False) or row.groups == query.groups
        if len(found) >= MOST_COMPARED and _sorted(query) not in found:
            raise TooManyQuestionsError(days=days, limit=MOST_COMPARED)
        return [Former(filters, same) for filters, same in found.items()]

    def remember(self, organisation_code: str, query: StatisticsQuery, *, days: int, now_ms: int) -> None:
        """Keep a question that is about to be answered; durable before return."""
        asked = Asked(
            organisation_code=organisation_code, table=_table(query), filters=_sorted(query), groups=query.groups,
            at_ms=now_ms,
        )  # fmt: skip
        kept = [row for row in self._rows if row.at_ms > now_ms - days * DAY_MS and not _alike(row, asked)]
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._path, _ROWS.dump_json([*kept, asked]).decode(), durable=True)
        self._rows = [*kept, asked]


def _alike(one: Asked, other: Asked) -> bool:
    return one.model_copy(update={"at_ms": other.at_ms}) == other


def _table(query: StatisticsQuery) -> str:
    return f"{query.zone}/{query.library}/{query.table}"


def _sorted(query: StatisticsQuery) -> tuple[StatFilter, ...]:
    """Return the conditions in one order, so that the same ones are known again."""
    filters = [one.model_copy(update={"values": tuple(sorted(set(one.values)))}) for one in query.filters]
    return tuple(sorted(filters, key=lambda one: one.model_dump_json()))
