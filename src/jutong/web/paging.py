"""Pages of a list whose state is in the address. A total is counted up to a cap, never beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from jutong.web.door import Visit

SIZE = 20
COUNT_CAP = 10_000
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of rows with the addresses of its neighbours."""

    rows: Sequence[Row]
    summary: str
    newer: str
    older: str


def page_number(visit: Visit) -> int:
    """Return the page asked for, from 1; anything else reads as the first."""
    text = visit.request.GET.get("page", "1")
    return max(1, int(text)) if text.isdigit() and len(text) < len(str(COUNT_CAP)) else 1


def paged(visit: Visit, found: QuerySet[Any, Row], size: int = SIZE) -> Page[Row]:
    """Cut one page out of a query set."""
    number = page_number(visit)
    start = (number - 1) * size
    rows = list(found[start : start + size + 1])
    total = found[:COUNT_CAP].count()
    known = f"{total}+" if total == COUNT_CAP else str(total)
    return Page(
        rows[:size],
        _("第%(first)s–%(last)s项，共%(total)s项")
        % {"first": start + 1 if rows else 0, "last": start + len(rows[:size]), "total": known},
        visit.query(page=number - 1) if number > 1 else "",
        visit.query(page=number + 1) if len(rows) > size else "",
    )
