"""Code tables, their editions, and what a code of one day is called on another."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.norms import actions, queries
from jutong.center.norms.actions import TableHead
from jutong.center.norms.enums import MappingKind
from jutong.center.norms.models import CodeTable
from jutong.center.norms.queries import MappedCode
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError, JutongError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.paging import paged

LARGEST_FILE = 8 * 2**20
"""Bytes of a file of codes that are read."""


@page(Permission.NORMS_NORM_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the code tables."""
    q = visit.request.GET.get("q", "")
    context = {
        "page": paged(visit, queries.code_tables(visit.actor, q=q)),
        "q": q,
        "may_load": has(visit.actor, Permission.NORMS_TABLE_LOAD),
    }
    return visit.render("norms/tables.html", context)


@page(Permission.NORMS_NORM_VIEW)
def detail(visit: Visit, key: str) -> HttpResponseBase:
    """Show the codes of a table on a day."""
    table = queries.code_table(visit.actor, key)
    editions = queries.editions(visit.actor, table)
    today = civil_date(visit.now)
    on = _day(visit.request.GET.get("on", ""), today)
    q = visit.request.GET.get("q", "")
    context = {
        "table": table,
        "editions": editions[:12],
        "edition_count": len(editions),
        "edition": queries.edition_on(editions, on),
        "first": editions[-1].effective_from if editions else today,
        "page": paged(visit, queries.values(visit.actor, table, on=on, q=q)),
        "on": on.isoformat(),
        "q": q,
        "today": today.isoformat(),
    }
    return visit.render("norms/table.html", context)


@page(Permission.NORMS_NORM_VIEW)
def mapping(visit: Visit, key: str) -> HttpResponseBase:
    """Show what a code of one day has become on another, and what nobody is sure of."""
    return _mapping(visit, queries.code_table(visit.actor, key))


def _mapping(visit: Visit, table: CodeTable, problem: JutongError | None = None) -> HttpResponse:
    today = civil_date(visit.now)
    editions = queries.editions(visit.actor, table)
    asked = visit.request.GET
    code = asked.get("code", "").replace("\x00", "").strip()
    start = _day(asked.get("start", ""), editions[-1].effective_from if editions else today)
    end = _day(asked.get("end", ""), today)
    found: tuple[MappedCode, ...] = ()
    if code and problem is None:
        try:
            found = queries.map_code(visit.actor, table, code, start=start, end=end)
        except JutongError as error:
            problem = error
    open_ = paged(visit, queries.unsettled(visit.actor, table))
    names = queries.code_names(table, [code for row in open_.rows for code in (row.code, row.target)])
    context: dict[str, Any] = {
        "table": table,
        "code": code,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "found": found,
        "page": open_,
        "names": names,
        "may_settle": has(visit.actor, Permission.NORMS_TABLE_LOAD),
        "kinds": [row for row in MappingKind.choices if row[0] != MappingKind.KEPT],
        "typed": visit.request.POST,
        "problem": problem,
    }
    return visit.render("norms/mapping.html", context, status=problem.http_status if problem else 200)


@step(Permission.NORMS_TABLE_LOAD)
def settle(visit: Visit, key: str) -> HttpResponseBase:
    """Say what became of a code where the rules could not."""
    table = queries.code_table(visit.actor, key)
    typed = visit.request.POST
    targets = typed.get("targets", "").replace("，", ",").replace("、", ",").replace(",", " ").split()
    try:
        actions.settle_mapping(
            table=table, on=_required_day(typed.get("on", "")), code=typed.get("code", "").strip(), targets=targets,
            kind=typed.get("kind", ""), by=visit.actor, now=visit.now,
        )  # fmt: skip
    except JutongError as problem:
        return _mapping(visit, table, problem)
    return visit.done(_("已核定"), f"/norms/codes/{key}/map")


@form_page(Permission.NORMS_TABLE_LOAD)
def load(visit: Visit) -> HttpResponseBase:
    """Load a new code table or the next edition of one."""
    typed = visit.request.POST
    problem = None
    if visit.is_post:
        try:
            head = TableHead(typed.get("key", "").strip(), typed.get("name", "").strip(), typed.get("standard", ""))
            edition = actions.load_edition(
                head=head, name=typed.get("edition", ""), effective_from=_required_day(typed.get("effective_from", "")),
                text=_text(visit), by=visit.actor, now=visit.now,
            )  # fmt: skip
        except JutongError as error:
            problem = error
        else:
            said = _("已装入{size}个代码，与上一版相比有{changed}个变动").format(
                size=edition.size, changed=edition.changed
            )
            return visit.done(said, f"/norms/codes/{head.key}")
    context = {"typed": typed, "problem": problem}
    return visit.render("norms/table_form.html", context, status=problem.http_status if problem else 200)


def _text(visit: Visit) -> str:
    file = visit.request.FILES.get("file")
    content = file.read(LARGEST_FILE + 1) if file else b""
    if not 0 < len(content) <= LARGEST_FILE:
        raise _wrong("file", _("请选一个不超过{n}兆的文件").format(n=LARGEST_FILE >> 20))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _wrong("file", _("文件的编码不是UTF-8或GB18030"))


def _day(text: str, default: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return default


def _required_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _wrong("effective_from", _("请填写日期")) from error


def _wrong(place: str, message: str) -> InvalidInputError:
    row = {"place": place, "field": "", "found": "", "allowed": "", "message": message, "way_out": "", "clause": ""}
    return InvalidInputError(problems=[row])
