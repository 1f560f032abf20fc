"""使用台账: written by the requester, read and inspected by the provider and the authority (条例 29(2))."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.org.permissions import Permission
from jutong.center.remedy import actions, queries
from jutong.center.remedy.actions import Copy
from jutong.center.remedy.enums import CopyKind, LedgerPart
from jutong.center.remedy.models import LedgerEntry
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.ownership.files import sent
from jutong.web.paging import paged

COPY_ROWS = 5
"""Rows for copies on a form."""
HEADERS = (
    gettext_lazy("授权"), gettext_lazy("目录"), gettext_lazy("使用方"), gettext_lazy("提供方"), gettext_lazy("部分"),
    gettext_lazy("时期"), gettext_lazy("内容"), gettext_lazy("记录人"), gettext_lazy("记录时间"),
    gettext_lazy("保存到"), gettext_lazy("更正"),
)  # fmt: skip


@page(Permission.REMEDY_LEDGER_INSPECT)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the grants with a ledger, or every entry of theirs as a file."""
    file = _file(visit)
    if file is not None:
        return file
    is_asked = visit.request.GET.get("asked") == "1"
    rows = queries.ledgers(visit.actor, is_asked=is_asked)
    return visit.render("remedy/ledgers.html", {"page": paged(visit, rows), "is_asked": is_asked})


@page(Permission.REMEDY_LEDGER_INSPECT)
def detail(visit: Visit, number: str) -> HttpResponseBase:
    """Show the five parts of one grant's ledger, or send them as a file."""
    queries.ledger(visit.actor, number, now=visit.now)
    return _file(visit, number) or _show(visit, number)


def _file(visit: Visit, number: str = "") -> HttpResponseBase | None:
    title = f"{_('使用台账')}-{number}" if number else _("使用台账")
    return sent(
        visit, title, [str(text) for text in HEADERS],
        lambda: map(_cells, queries.entries(visit.actor, number).iterator(chunk_size=500)),
    )  # fmt: skip


def _cells(row: LedgerEntry) -> Sequence[str]:
    grant = row.grant
    return (
        grant.number,
        grant.entry.published_name,
        grant.requester.name,
        grant.provider.name,
        str(row.get_part_display()),
        row.period,
        row.text or told(row),
        row.by.name if row.by else _("平台"),
        civil_date(row.at).isoformat(),
        row.keep_until.isoformat(),
        _("更正%(day)s的记录") % {"day": civil_date(row.corrects.at).isoformat()} if row.corrects else "",
    )


def told(row: LedgerEntry) -> str:
    """Say what the platform counted or took over, in the reader's language."""
    facts = row.facts
    if row.part == LedgerPart.PROCESS:
        lines = (
            _("%(month)s：调用%(calls)s次，拒绝%(refused)s次，%(rows)s行，%(cases)s个办件，%(officials)s位经办人")
            % month
            for month in facts.get("months", ())
        )
        return "\n".join(lines) or _("没有调用")
    wanted = {"scenario": _("场景"), "basis": _("依据"), "scope": _("范围"), "system": _("系统")}
    return "\n".join(f"{label}：{facts[name]}" for name, label in wanted.items() if facts.get(name))


def _show(visit: Visit, number: str, problem: JutongError | None = None) -> HttpResponse:
    view = queries.ledger(visit.actor, number, now=visit.now)
    context = {
        "grant": view.grant,
        "parts": [(part, [(row, row.text or told(row)) for row in rows]) for part, rows in view.parts],
        "asks": view.asks,
        "inspections": view.inspections,
        "may_write": view.may_write,
        "may_inspect": view.may_inspect,
        "kinds": CopyKind,
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("remedy/ledger.html", context, status=problem.http_status if problem else 200)


@form_page(Permission.REMEDY_LEDGER_WRITE)
def fill(visit: Visit, number: str, quarter: str) -> HttpResponseBase:
    """Complete a quarter (SLA-LED)."""
    ask = queries.ask(visit.actor, number, quarter)
    problem: JutongError | None = None
    typed = visit.request.POST
    if visit.is_post:
        try:
            actions.fill(
                ask=ask,
                effect=typed.get("effect", ""),
                storage=typed.get("storage", ""),
                destruction=typed.get("destruction", ""),
                copies=_copies(typed),
                by=visit.actor,
                now=visit.now,
            )
        except JutongError as error:
            visit.keep(error)
            problem = error
        else:
            return visit.done(_("已补记"), f"/ledger/{number}")
    view = queries.ledger(visit.actor, number, now=visit.now)
    kept = _copies(typed) if visit.is_post else actions.kept_copies(ask.grant)
    process = next(
        (row for part, rows in view.parts if part == LedgerPart.PROCESS for row in rows if row.period == quarter), None
    )
    context: dict[str, Any] = {
        "grant": view.grant,
        "ask": ask,
        "clock": next((row.clock for row in view.asks if row.ask.id == ask.id), None),
        "process": told(process) if process else "",
        "rows": _rows(kept),
        "kinds": CopyKind.choices,
        "problem": problem,
        "typed": typed,
    }
    return visit.render("remedy/ledger_fill.html", context, status=problem.http_status if problem else 200)


def _rows(kept: Iterable[Copy]) -> list[Copy]:
    found = list(kept)
    return [*found, *(Copy("", "") for _blank in range(max(1, COPY_ROWS - len(found))))]


def _copies(typed: QueryDict) -> list[Copy]:
    pairs = zip_longest(typed.getlist("kind"), typed.getlist("place"), fillvalue="")
    return [Copy(kind, place) for kind, place in pairs if place.strip()]


@form_page(Permission.REMEDY_LEDGER_WRITE)
def write(visit: Visit, number: str) -> HttpResponseBase:
    """Write an entry, or correct one that stands."""
    view = queries.ledger(visit.actor, number, now=visit.now)
    typed = visit.request.POST if visit.is_post else visit.request.GET
    wrong = _wrong(visit, number, typed.get("corrects", ""))
    problem: JutongError | None = None
    if visit.is_post:
        try:
            actions.write_entry(
                grant=view.grant,
                part=wrong.part if wrong else typed.get("part", ""),
                text=typed.get("text", ""),
                copies=_copies(typed),
                corrects=wrong,
                by=visit.actor,
                now=visit.now,
            )
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("已更正，原记录保留") if wrong else _("已记入台账"), f"/ledger/{number}")
    context = {
        "grant": view.grant,
        "wrong": wrong,
        "parts": LedgerPart.choices,
        "rows": _rows(_copies(typed)),
        "kinds": CopyKind.choices,
        "problem": problem,
        "typed": typed,
    }
    return visit.render("remedy/ledger_write.html", context, status=problem.http_status if problem else 200)


def _wrong(visit: Visit, number: str, text: str) -> LedgerEntry | None:
    try:
        return queries.entry(visit.actor, number, UUID(text)) if text else None
    except ValueError:
        return None


@step(Permission.REMEDY_LEDGER_INSPECT)
def inspect(visit: Visit, number: str) -> HttpResponseBase:
    """Write down an inspection by the provider or the authority."""
    view = queries.ledger(visit.actor, number, now=visit.now)
    typed = visit.request.POST
    try:
        actions.inspect_ledger(
            grant=view.grant,
            is_sound=typed.get("sound") == "1",
            note=typed.get("note", ""),
            by=visit.actor,
            now=visit.now,
        )
    except JutongError as problem:
        return _show(visit, number, problem)
    return visit.done(_("已记录检查情况"), f"/ledger/{number}")
