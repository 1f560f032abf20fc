"""What the libraries hold, how fresh and how full it is, and one table of them."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.catalog.enums import Grade
from jutong.center.library import ordering, queries, steps, uses
from jutong.center.library.definitions import definition_of
from jutong.center.library.feeds import role_titles
from jutong.center.library.models import LibraryTable
from jutong.center.library.works import KINDS
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.quality import queries as quality
from jutong.center.quality.models import CheckedTable
from jutong.contracts.library import FieldDefinition
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page, step
from jutong.web.library.lines import lines

SHOWN_WORKS = 12
TYPES = {
    "text": gettext_lazy("文本"),
    "integer": gettext_lazy("整数"),
    "decimal": gettext_lazy("小数"),
    "date": gettext_lazy("日期"),
    "instant": gettext_lazy("时间"),
    "boolean": gettext_lazy("是否"),
}
MOST_CHARTED = 24
"""Tables the chart of the overview shows, the fullest libraries first."""


@page(Permission.LIBRARY_LIBRARY_VIEW)
def overview(visit: Visit) -> HttpResponseBase:
    """Show every library with its tables."""
    cards = queries.overview(visit.actor, visit.now)
    filled = [line for card in cards for line in card.lines if line.table.rows and line.filled]
    scores = _scores(visit)
    context = {
        "cards": [(card, [(line, scores.get(line.table.id)) for line in card.lines]) for card in cards],
        "charted": sorted(filled, key=lambda line: -(line.table.rows or 0))[:MOST_CHARTED],
        "rows": sum(card.rows for card in cards),
        "tables": sum(len(card.lines) for card in cards),
        "filled": sum(card.filled_tables for card in cards),
        "late": sum(card.late for card in cards),
        "running": sum(line.open_works for card in cards for line in card.lines),
        "waiting": queries.to_confirm(visit.actor) if has(visit.actor, Permission.LIBRARY_FEED_CONFIRM) else [],
        "may_publish": has(visit.actor, Permission.LIBRARY_LIBRARY_PUBLISH),
        "may_confirm": has(visit.actor, Permission.LIBRARY_FEED_CONFIRM),
        "may_try": has(visit.actor, Permission.LIBRARY_ENGINE_TRY),
    }
    return visit.render("library/overview.html", context)


def _scores(visit: Visit, found: LibraryTable | None = None) -> dict[UUID, CheckedTable]:
    """Return the quality of library tables, by table, for who may see it; of registers nothing."""
    if not has(visit.actor, Permission.QUALITY_REPORT_VIEW):
        return {}
    rows = quality.tables(visit.actor).filter(feed=None)
    return {row.table_id: row for row in (rows if found is None else rows.filter(table=found))}


@page(Permission.LIBRARY_LIBRARY_VIEW)
def table(visit: Visit, code: str, name: str) -> HttpResponseBase:
    """Show one table: definition, what fills it, versions, works."""
    return _table(visit, queries.table_named(visit.actor, code, name))


def _table(visit: Visit, found: LibraryTable, problem: JutongError | None = None) -> HttpResponse:
    feeds, definition = queries.feeds(visit.actor, found), definition_of(found)
    context = {
        "table": found,
        "definition": definition,
        "fields": [_field(field) for field in definition.fields],
        "line": queries.line_of(visit.actor, found, visit.now),
        "feeds": feeds,
        "versions": queries.versions(visit.actor, found),
        "checked": _scores(visit, found).get(found.id),
        "uses": uses.of_table(found),
        "works": lines(queries.works(visit.actor, table=found).rows[:SHOWN_WORKS]),
        "possible": [(kind, KINDS.get(kind, kind)) for kind in _possible(visit, found)],
        "may_confirm": has(visit.actor, Permission.LIBRARY_FEED_CONFIRM),
        "problem": problem,
    }
    return visit.render("library/table.html", context, status=problem.http_status if problem else 200)


def _field(field: FieldDefinition) -> dict[str, object]:
    """Return a field with what its codes are called."""
    return {
        "is": field,
        "source": role_titles().get(field.source, field.source),
        "grade": Grade(field.grade).label if field.grade in Grade.values else field.grade,
        "type": TYPES[field.type],
    }


def _possible(visit: Visit, found: LibraryTable) -> list[str]:
    return steps.possible(found) if ordering.may_order(visit.actor, found) else []


@step(Permission.LIBRARY_WORK_ORDER)
def order(visit: Visit, code: str, name: str) -> HttpResponseBase:
    """Order a work on a table by hand."""
    found = queries.table_named(visit.actor, code, name)
    try:
        work = ordering.order(table=found, kind=visit.request.POST.get("kind", ""), by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _table(visit, found, problem)
    return visit.done(_("已下达，节点取走后开始"), f"/library/works/{work.id}")
