"""挂接: what stands behind an entry, from choosing it to watching it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog import binding_rates, queries
from jutong.center.catalog.actions.binding import DOORS, FOLDER
from jutong.center.catalog.actions.binding import unbind as unbind_entry
from jutong.center.catalog.actions.probing import accept_rows
from jutong.center.catalog.enums import BindingKind
from jutong.center.catalog.models import EntryVersion
from jutong.center.fleet import queries as fleet
from jutong.center.fleet.models import Source
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions.changes import bind_entry, bind_entry_place
from jutong.contracts.orders import Place
from jutong.contracts.places import PROTOCOLS
from jutong.kernel.errors import InvalidInputError, JutongError, NotFoundError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.binding import RULE, watch_rules
from jutong.web.door import Visit, form_page, page, step
from jutong.web.paging import paged

PLACE_FIELDS = ("source", "protocol", "address", "path", "channel")
_FRESH_SIGNS = ("gxsj", "xgsj", "update", "modif", "changed", "更新时间", "修改时间")


@form_page(Permission.CATALOG_ENTRY_BIND)
def bind(visit: Visit, code: str) -> HttpResponseBase:
    """Bind an entry: choose the kind, then the table with its columns or the place."""
    entry = queries.entry_for_steward(visit.actor, code)
    version = entry.published or queries.open_version(entry)
    if version is None:
        raise NotFoundError(what=code)
    sources = fleet.sources(visit.actor)
    tables = _tables(sources)
    asked = visit.request.POST.get("table") or visit.request.GET.get("table", "")
    chosen = tables.get(asked)
    kind = _kind(visit)
    problem = None
    if visit.is_post and (chosen is not None or kind != BindingKind.TABLE):
        try:
            if kind == BindingKind.TABLE and chosen is not None:
                bind_entry(entry=entry, **_table_words(visit, version, chosen), by=visit.actor, now=visit.now)
            else:
                bind_entry_place(entry=entry, kind=kind, **_place_words(visit), by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("已挂接，节点马上去检查"), f"/manage/entries/{code}")
    context = {
        "entry": entry,
        "version": version,
        "kind": kind,
        "kinds": BindingKind.choices,
        "tables": [(key, row) for key, row in tables.items()],
        "asked": asked,
        "chosen": chosen,
        "rows": _rows(visit, version, chosen),
        "fresh": _fresh(visit, chosen),
        "sources": _sources(sources, kind),
        "protocols": [(name, name) for name in PROTOCOLS.get(kind, ())],
        "typed": {name: visit.request.POST.get(name, "") for name in PLACE_FIELDS},
        "problem": problem,
    }
    return visit.render("manage/bind.html", context, status=problem.http_status if problem else 200)


def _kind(visit: Visit) -> BindingKind:
    asked = visit.request.POST.get("kind") or visit.request.GET.get("kind", "")
    return BindingKind(asked) if asked in BindingKind.values else BindingKind.TABLE


def _table_words(visit: Visit, version: EntryVersion, chosen: dict[str, Any]) -> dict[str, Any]:
    typed = visit.request.POST
    columns = {item.name: column for item in version.items.all() if (column := typed.get(f"c_{item.id}", ""))}
    return {
        "source": chosen["source"],
        "schema_name": chosen["schema_name"],
        "table": chosen["name"],
        "columns": columns,
        "fresh_column": typed.get("fresh", ""),
    }


def _place_words(visit: Visit) -> dict[str, Any]:
    typed = {name: visit.request.POST.get(name, "").strip() for name in PLACE_FIELDS}
    source = typed.pop("source")
    if not source:
        row = {"field": gettext_noop("数据源"), "found": "", "message": _("请选数据源"), "clause": ""}
        raise InvalidInputError(problems=[row])
    return {"source": source, "place": Place(**typed)}


def _tables(sources: list[Source]) -> dict[str, dict[str, Any]]:
    """Return every table of the department's sources under a key for the form."""
    return {
        f"{source.name}|{table['schema_name']}|{table['name']}": {**table, "source": source.name}
        for source in sources
        for table in source.tables
    }


def _sources(sources: list[Source], kind: BindingKind) -> list[tuple[str, str]]:
    """Return the sources a place of this kind may stand behind."""
    wanted = {FOLDER, DOORS} if kind == BindingKind.FILES else {DOORS}
    named = [(source.name, source.name) for source in sources if source.dialect in wanted]
    return [("", _("请选择")), *named] if named else []


def _rows(visit: Visit, version: EntryVersion, chosen: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return one row per item with the column typed, or proposed because name or comment agree."""
    if chosen is None:
        return []
    named = {column["name"]: column["name"] for column in chosen["columns"]}
    named |= {column["comment"]: column["name"] for column in chosen["columns"] if column.get("comment")}
    return [
        {
            "item": item,
            "column": visit.request.POST.get(f"c_{item.id}", named.get(item.column) or named.get(item.name) or ""),
        }
        for item in version.items.all()
    ]


def _fresh(visit: Visit, chosen: dict[str, Any] | None) -> str:
    """Return the column that says when a row changed: as typed, or the first whose name or comment sounds like it."""
    if chosen is None or "fresh" in visit.request.POST:
        return visit.request.POST.get("fresh", "")
    told = [(column["name"], f"{column['name']} {column.get('comment') or ''}".lower()) for column in chosen["columns"]]
    return next((name for name, text in told if any(sign in text for sign in _FRESH_SIGNS)), "")


@step(Permission.CATALOG_ENTRY_BIND)
def unbind(visit: Visit, code: str) -> HttpResponseBase:
    """End a binding nobody uses."""
    entry = queries.entry_for_steward(visit.actor, code)
    try:
        unbind_entry(entry=entry, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=f"/manage/entries/{code}")
    return visit.done(_("已取消挂接"), f"/manage/entries/{code}")


@step(Permission.CATALOG_ENTRY_BIND)
def accept(visit: Visit, code: str) -> HttpResponseBase:
    """Say that the present number of rows is right."""
    entry = queries.entry_for_steward(visit.actor, code)
    try:
        accept_rows(entry=entry, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=f"/manage/entries/{code}")
    return visit.done(_("已按现在的行数算正常"), f"/manage/entries/{code}")


@page(Permission.CATALOG_ENTRY_VIEW)
def rates(visit: Visit) -> HttpResponseBase:
    """Show 挂接率 per department and the entries behind a figure."""
    found = binding_rates.binding_rates(visit.actor)
    show = visit.request.GET.get("show", "")
    show = show if show in binding_rates.SHOWN else "unhealthy"
    organisation = visit.request.GET.get("org", "")
    listed = paged(visit, binding_rates.listed(visit.actor, show=show, organisation_code=organisation))
    names = {row.organisation.code: row.organisation.short_name for row in found}
    tabs = (("unhealthy", _("有问题")), ("overdue", _("超期没挂接")), ("unbound", _("没挂接")), ("bound", _("已挂接")))
    context = {
        "rates": found,
        "whole": binding_rates.whole(found),
        "rules": watch_rules(),
        "rule": RULE,
        "show": show,
        "tabs": [(key, label, visit.query(show=key, page=None)) for key, label in tabs],
        "organisation": names.get(organisation, ""),
        "every": visit.query(org=None, page=None),
        "listed": [(entry, queries.open_binding(entry)) for entry in listed.rows],
        "own": visit.actor.organisation_code,
        "summary": listed.summary,
        "newer": listed.newer,
        "older": listed.older,
    }
    return visit.render("manage/binding_rates.html", context)
