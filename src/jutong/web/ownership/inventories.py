"""责任清单 and 负面清单: views of the catalog, on the page and as files."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.catalog.models import Entry
from jutong.center.catalog.queries import published_entry
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.ownership import actions
from jutong.center.ownership import inventories as lists
from jutong.center.ownership.actions.inventory import LIST_CLAUSE
from jutong.center.ownership.texts import written_day
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, page, step
from jutong.web.ownership.files import sent
from jutong.web.paging import SIZE, Page, page_number, paged


def _asked(visit: Visit) -> tuple[str, str]:
    return visit.request.GET.get("organisation", ""), visit.request.GET.get("q", "").strip()


def _first(visit: Visit) -> int:
    return (page_number(visit) - 1) * SIZE + 1


def _context(visit: Visit, page_: Page[Entry]) -> dict[str, object]:
    organisation, q = _asked(visit)
    every = [("", _("全部部门")), *((row.code, row.short_name) for row in lists.departments(visit.actor))]
    return {"page": page_, "organisation": organisation, "q": q, "departments": every, "query": visit.query(page=None)}


@page(Permission.CATALOG_ENTRY_VIEW)
def duties(visit: Visit) -> HttpResponseBase:
    """Show what each department can share, on what terms."""
    organisation, q = _asked(visit)
    found = lists.duties(visit.actor, organisation=organisation, q=q)
    today = civil_date(visit.now)
    file = sent(
        visit,
        _("责任清单"),
        lists.duty_headers(),
        lambda: (line.cells() for line in lists.duty_lines(found, today)),
    )
    if file is not None:
        return file
    shown = paged(visit, found)
    lines = list(lists.duty_lines(list(shown.rows), today, first=_first(visit)))
    return visit.render("inventories/duties.html", {**_context(visit, shown), "lines": lines})


@page(Permission.CATALOG_ENTRY_VIEW)
def withheld(visit: Visit) -> HttpResponseBase:
    """Show what law forbids to share, and what does not say on which law it stands."""
    found = _withheld(visit)
    file = sent(
        visit,
        _("负面清单"),
        lists.withheld_headers(),
        lambda: (line.cells() for line in lists.withheld_lines(found)),
    )
    return file or _show(visit, found)


def _withheld(visit: Visit) -> QuerySet[Entry]:
    organisation, q = _asked(visit)
    lacking = visit.request.GET.get("lacking") == "1"
    return lists.withheld(visit.actor, organisation=organisation, q=q, only_lacking=lacking)


def _show(visit: Visit, found: QuerySet[Entry], problem: JutongError | None = None) -> HttpResponse:
    shown = paged(visit, found)
    context = {
        **_context(visit, shown),
        "lines": list(lists.withheld_lines(list(shown.rows), first=_first(visit))),
        "lacking": visit.request.GET.get("lacking") == "1",
        "may_review": has(visit.actor, Permission.CATALOG_ENTRY_REVIEW),
        "problem": problem,
        "typed": visit.request.POST,
        "today": civil_date(visit.now).isoformat(),
    }
    return visit.render("inventories/withheld.html", context, status=problem.http_status if problem else 200)


@step(Permission.CATALOG_ENTRY_REVIEW)
def review(visit: Visit, code: str) -> HttpResponseBase:
    """Record the authority's review of an entry of the negative list."""
    typed = visit.request.POST
    try:
        actions.record_withholding_review(
            entry=published_entry(visit.actor, code),
            document_number=typed.get("document_number", ""),
            reviewed_on=_day(typed.get("reviewed_on", ""), "reviewed_on", gettext_noop("审核日期")),
            review_again_on=_day(typed.get("review_again_on", ""), "review_again_on", gettext_noop("复核日期")),
            by=visit.actor,
            now=visit.now,
        )
    except JutongError as problem:
        return _show(visit, _withheld(visit), problem)
    return visit.done(_("审核已登记"), "/inventories/withheld")


def _day(text: str, place: str, name: str) -> date:
    return written_day(text, place, name, LIST_CLAUSE)
