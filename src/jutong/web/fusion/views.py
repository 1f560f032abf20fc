"""A fused table in counts: how it came about, what contradicts what, who was asked; and the way to its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.fusion import actions, queries
from jutong.center.fusion.actions import LibraryTicket
from jutong.center.fusion.models import ConflictSide
from jutong.center.fusion.policy import policy
from jutong.center.library import queries as library
from jutong.center.library.definitions import definition_of
from jutong.center.library.models import LibraryTable
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.fusion.words import BASES, CAUSES, CLUES, ENDS
from jutong.web.jobs.quarantine import encoded
from jutong.web.middleware import policy as page_policy

VIEWS: Mapping[str, Literal["review", "entity"]] = {"review": "review", "entity": "entity"}
PERMILLE = 1000


@page(Permission.LIBRARY_LIBRARY_VIEW)
def fusion(visit: Visit, code: str, name: str) -> HttpResponseBase:
    """Show how a table was fused."""
    return _fusion(visit, library.table_named(visit.actor, code, name))


def _fusion(
    visit: Visit, table: LibraryTable, problem: JutongError | None = None, ticket: LibraryTicket | None = None
) -> HttpResponse:
    work = queries.last_fusion(visit.actor, table)
    result: dict[str, Any] = work.result if work is not None else {}
    keeps = queries.keeps(visit.actor, table)
    context: dict[str, Any] = {
        "table": table,
        "here": f"/library/tables/{table.library.code}/{table.name}",
        "work": work,
        "result": result,
        "lines": [(line, CAUSES.get(line.cause, line.cause)) for line in queries.conflict_lines(table, result)],
        "open": sum(row["open"] for row in result.get("conflicts", ())),
        "bases": _bases(table, result),
        "batches": queries.batches(visit.actor, table),
        "cases": _cases(visit, table),
        "may_judge": keeps and has(visit.actor, Permission.LIBRARY_REVIEW_JUDGE),
        "may_look": keeps and has(visit.actor, Permission.LIBRARY_ENTITY_VIEW),
        "may_send": keeps and has(visit.actor, Permission.LIBRARY_CONFLICT_SEND),
        "has_card": bool(result.get("card")),
        "purpose": visit.request.POST.get("purpose", ""),
        "problem": problem,
    }
    return _rendered(visit, "fusion/fusion.html", context, problem, ticket)


def _rendered(
    visit: Visit, template: str, context: dict[str, Any], problem: JutongError | None, ticket: LibraryTicket | None
) -> HttpResponse:
    if ticket is not None:
        context |= {"gateway": ticket.gateway_url, "ticket": encoded(ticket.ticket)}
    response = visit.render(template, context, status=problem.http_status if problem else 200)
    if ticket is not None:
        response.headers["Content-Security-Policy"] = page_policy(ticket.gateway_url)
    return response


def _cases(visit: Visit, table: LibraryTable) -> list[Any]:
    if not has(visit.actor, Permission.CORRECTION_CASE_VIEW):
        return []
    return [
        (case, CLUES.get(case.clue, ""), ENDS.get(case.ended, case.ended)) for case in queries.cases(visit.actor, table)
    ]


def _bases(table: LibraryTable, result: Mapping[str, Any]) -> list[tuple[str, list[tuple[Any, str]]]]:
    """Return for each field in which share of its values a basis decided, in percent."""
    counts: dict[str, Counter[str]] = {}
    for field, basis, count in result.get("basis", ()):
        counts.setdefault(field, Counter())[basis] += count
    rows = []
    for field in definition_of(table).fields:
        found = counts.get(field.name)
        total = sum(found.values()) if found else 0
        if found and total:
            shares = [(label, f"{100 * found[code] / total:.1f}") for code, label in BASES.items()]
            rows.append((field.title, shares))
    return rows


@step(Permission.LIBRARY_ENTITY_VIEW)
def open_at_node(visit: Visit, code: str, name: str) -> HttpResponseBase:
    """Give the ticket with which pairs are judged or records looked at."""
    table = library.table_named(visit.actor, code, name)
    typed = visit.request.POST
    try:
        view = VIEWS.get(typed.get("view", ""))
        if view is None:
            raise NotFoundError(what=typed.get("view", "")[:32])
        ticket = actions.open_fused(
            table=table, view=view, purpose=typed.get("purpose", ""), by=visit.actor, now=visit.now,
            back=visit.request.build_absolute_uri(f"/library/tables/{table.library.code}/{table.name}/fusion/send"),
        )  # fmt: skip
    except JutongError as problem:
        return _fusion(visit, table, problem)
    return _fusion(visit, table, ticket=ticket)


@form_page(Permission.LIBRARY_CONFLICT_SEND)
def send(visit: Visit, code: str, name: str) -> HttpResponseBase:
    """Choose how many conflicts of one cause become corrections, and who is asked."""
    table = library.table_named(visit.actor, code, name)
    asked = visit.request.POST if visit.is_post else visit.request.GET
    work = queries.last_fusion(visit.actor, table)
    lines = queries.conflict_lines(table, work.result if work is not None else {})
    wanted = (asked.get("field", ""), asked.get("feed", ""), asked.get("believed", ""))
    line = next(
        (one for one in lines if (one.field, _name(one.feed), _name(one.believed)) == wanted and one.can_be_sent), None
    )
    if line is None or line.feed is None or line.believed is None:
        raise NotFoundError(what="/".join(wanted)[:80])
    here = f"/library/tables/{table.library.code}/{table.name}/fusion"
    problem: JutongError | None = None
    only = asked.get("only", "")
    if visit.is_post:
        most = asked.get("most", "")
        try:
            actions.send_conflicts(
                table=table, field=line.field, feed=line.feed, believed=line.believed,
                side=ConflictSide.BELIEVED if asked.get("side") == ConflictSide.BELIEVED else ConflictSide.RECORD,
                most=int(most) if most.isdecimal() and len(most) < len(str(PERMILLE)) else 0, by=visit.actor,
                now=visit.now, only=only,
            )  # fmt: skip
        except JutongError as refused:
            problem = refused
        else:
            return visit.done(_("已下达，节点封好定位后自动转为校核"), here)
    context = {
        "table": table, "line": line, "here": here, "rules": policy(), "problem": problem,
        "most": asked.get("most") or (1 if only else min(line.open, policy().batch_most)), "only": only,
        "side": asked.get("side", "record"),
        "cause": CAUSES.get(line.cause, line.cause),
    }  # fmt: skip
    return visit.render("fusion/send.html", context, status=problem.http_status if problem else 200)


def _name(feed: Any) -> str:
    return feed.name if feed is not None else ""


@form_page(Permission.LIBRARY_ENTITY_VIEW)
def record(visit: Visit, number: str) -> HttpResponseBase:
    """Let either side of a correction that came of a comparison see the one record, at the node."""
    case = queries.case_of(visit.actor, number)
    if case is None:
        raise NotFoundError(what=number)
    problem: JutongError | None = None
    ticket: LibraryTicket | None = None
    if visit.is_post:
        try:
            purpose = visit.request.POST.get("purpose", "")
            ticket = actions.open_case(number=number, purpose=purpose, by=visit.actor, now=visit.now)
        except JutongError as refused:
            problem = refused
    context = {
        "case": case, "correction": case.correction, "problem": problem, "ended": ENDS.get(case.ended, case.ended),
        "purpose": visit.request.POST.get("purpose", "") or _("核实校核%(number)s") % {"number": number},
        "title": next(
            (one.title for one in definition_of(case.batch.table).fields if one.name == case.batch.field),
            case.batch.field,
        ),
    }  # fmt: skip
    return _rendered(visit, "fusion/record.html", context, problem, ticket)
