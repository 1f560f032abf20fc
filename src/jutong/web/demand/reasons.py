"""Why an entry is proposed, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from jutong.center.demand.enums import MatchWay

_NAMED = {MatchWay.SAME_NAME, MatchWay.NAME, MatchWay.SYNONYM}


def told(reasons: Iterable[dict[str, Any]]) -> list[str]:
    """Return one sentence per reason."""
    return [_sentence(row) for row in reasons]


def _sentence(row: dict[str, Any]) -> str:
    way = MatchWay(row["way"])
    if way in _NAMED:
        return str(way.label)
    said = {"way": str(way.label), "asked": row["asked"], "found": row["found"], "n": row["confidence"]}
    text = (
        _("“%(asked)s”：%(way)s，把握%(n)s%%")
        if row["asked"] == row["found"]
        else _("“%(asked)s”与“%(found)s”：%(way)s，把握%(n)s%%")
    )
    return text % said + (_("，数源") if row.get("is_source") else "")
