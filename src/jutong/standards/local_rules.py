"""A locality's own periods (地方规定) as a file: read, and held against the law before anything is loaded.

The file is JSON: ``format``, ``division``, ``title`` and ``document`` of the local rule, ``effective_from``,
``periods`` (``id``, ``length``, optional ``extension_cap`` and ``clause``) and, optional, ``ladder``
(``message_left``, ``superior_after``, in working days). An empty list of periods returns to the law.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jutong.kernel.canonical import digest
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards import periods

FORMAT = "jutong.clock-rules/1"
LONGEST = 400
"""Most units of a local period; a longer one is a slip of the pen."""
LARGEST_FILE = 200_000
_TEXT = 128
_KEYS = {"format", "division", "title", "document", "effective_from", "periods"}
_PERIOD_KEYS = {"id", "length"}


class RuleFileError(JutongError):
    """A file of local periods is not one."""

    code = "standards.rule-file.invalid"
    http_status = 422
    message = gettext_noop("期限规则文件的{place}不对，现为“{found}”，应为{allowed}。")
    next_step = gettext_noop("请对照文档中的样例改正后重新装入，原有规则没有改动。")


@dataclass(frozen=True, slots=True)
class LocalPeriod:
    """One period as a locality sets it; without a cap the law's own stays."""

    id: str
    length: int
    extension_cap: int | None
    clause: str


@dataclass(frozen=True, slots=True)
class LocalRules:
    """What a file of local periods says, checked against the law in force on the day it takes effect."""

    division: str
    title: str
    document: str
    effective_from: date
    periods: tuple[LocalPeriod, ...]
    message_left: int | None
    superior_after: int | None
    digest: str


def parse_rules(text: str) -> LocalRules:
    """Read and check a file of local periods.

    Raises:
        RuleFileError: naming the place (a JSON pointer), what is there and what would be right.
        PeriodLooserError: for a period looser than the law.
        PeriodUnknownError: for a period the law does not know on the day the rules take effect.
    """
    if len(text) > LARGEST_FILE:
        raise RuleFileError(place="/", found=len(text), allowed=f"≤ {LARGEST_FILE}")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RuleFileError(place="/", found=text[:40], allowed="JSON") from error
    return read_rules(raw)


def read_rules(raw: Any) -> LocalRules:
    """Check the content of a file of local periods; see ``parse_rules``."""
    _keys(raw, "/", _KEYS, {"ladder"})
    if raw["format"] != FORMAT:
        raise RuleFileError(place="/format", found=raw["format"], allowed=FORMAT)
    effective_from = _day(raw["effective_from"])
    rows = raw["periods"]
    if not isinstance(rows, list):
        raise RuleFileError(place="/periods", found=_short(rows), allowed="[]")
    found = tuple(_period(row, f"/periods/{at}", effective_from) for at, row in enumerate(rows))
    ids = [row.id for row in found]
    for at, period_id in enumerate(ids):
        if period_id in ids[:at]:
            raise RuleFileError(place=f"/periods/{at}/id", found=period_id, allowed=gettext_noop("每个期限只写一次"))
    ladder = raw.get("ladder", {})
    _keys(ladder, "/ladder", set(), {"message_left", "superior_after"})
    return LocalRules(
        division=_text(raw["division"], "/division", 12, str.isdigit),
        title=_text(raw["title"], "/title", _TEXT),
        document=_text(raw["document"], "/document", 64),
        effective_from=effective_from,
        periods=found,
        message_left=_number(ladder.get("message_left"), "/ladder/message_left", 0, optional=True),
        superior_after=_number(ladder.get("superior_after"), "/ladder/superior_after", 1, optional=True),
        digest=digest(raw),
    )


def _period(row: Any, place: str, on: date) -> LocalPeriod:
    _keys(row, place, _PERIOD_KEYS, {"extension_cap", "clause"})
    period_id = _text(row["id"], f"{place}/id", 16)
    length = _number(row["length"], f"{place}/length", 1)
    cap = _number(row.get("extension_cap"), f"{place}/extension_cap", 0, optional=True)
    assert length is not None  # noqa: S101 - only an optional number may be missing
    periods.localise(periods.period(period_id, on=on), length, extension_cap=cap)
    clause = row.get("clause", "")
    return LocalPeriod(period_id, length, cap, _text(clause, f"{place}/clause", 32) if clause else "")


def _keys(raw: Any, place: str, needed: set[str], optional: set[str]) -> None:
    if not isinstance(raw, Mapping):
        raise RuleFileError(place=place, found=_short(raw), allowed="{}")
    wrong = sorted(needed - set(raw)) or sorted(set(map(str, raw)) - needed - optional)
    if wrong:
        raise RuleFileError(place=place, found=wrong[0], allowed="、".join(sorted(needed | optional)))


def _text(value: Any, place: str, limit: int, holds: Callable[[str], bool] | None = None) -> str:
    written = isinstance(value, str) and value.isprintable() and 1 <= len(value.strip()) <= limit
    if not written or (holds and not holds(value)):
        raise RuleFileError(place=place, found=_short(value), allowed=f"1-{limit}")
    clean: str = value.strip()
    return clean


def _number(value: Any, place: str, least: int, *, optional: bool = False) -> int | None:
    if value is None and optional:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LONGEST:
        raise RuleFileError(place=place, found=_short(value), allowed=f"{least}-{LONGEST}")
    return value


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise RuleFileError(place="/effective_from", found=_short(value), allowed="YYYY-MM-DD") from error


def _short(value: Any) -> str:
    return str(value)[:40]
