from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog import queries
from jutong.center.catalog.actions.binding import unbind as unbind_entry
from jutong.center.catalog.models import EntryVersion
from jutong.center.fleet import queries as fleet
from jutong.center.fleet.actions import order_inventory
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions.changes import bind_entry
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, form_page, page, step


@page(Permission.FLEET_SOURCE_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the department's databases and what is in them, as their node reports it."""
    return visit.render("manage/sources.html", {"sources": fleet.sources(visit.actor)})


@step(Permission.FLEET_SOURCE_INTROSPECT)
def inventory(visit: Visit, name: str) -> HttpResponseBase:
    """Ask the node to list a source's tables again."""
    source = next((row for row in fleet.sources(visit.actor) if row.name == name), None)
    if source is None:
        raise NotFoundError(what=name)
    order_inventory(source=source, by=visit.actor, now=visit.now)
    return visit.done(_("已请节点重新列出表，几秒后刷新可见"), "/manage/sources")


@form_page(Permission.CATALOG_ENTRY_BIND)
def bind(visit: Visit, code: str) -> HttpResponseBase:
    """Bind an entry to a table: choose the table, then map its columns to the fields."""
    entry = queries.entry_for_steward(visit.actor, code)
    version = entry.published or queries.open_version(entry)
    if version is None:
        raise NotFoundError(what=code)
    tables = _tables(visit)
    asked = visit.request.POST.get("table") or visit.request.GET.get("table", "")
    chosen = tables.get(asked)
    problem = None
    if visit.is_post and chosen is not None:
        columns = {
            item.name: column for item in version.items.all() if (column := visit.request.POST.get(f"c_{item.id}", ""))
        }
        try:
            bind_entry(
                entry=entry,
                source=chosen["source"],
                schema_name=chosen["schema_name"],
                table=chosen["name"],
                columns=columns,
                by=visit.actor,
                now=visit.now,
            )
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("已挂接"), f"/manage/entries/{code}")
    context = {
        "entry": entry,
        "version": version,
        "tables": [(key, row) for key, row in tables.items()],
        "asked": asked,
        "chosen": chosen,
        "rows": _rows(visit, version, chosen),
        "problem": problem,
    }
    return visit.render("manage/bind.html", context, status=problem.http_status if problem else 200)


def _tables(visit: Visit) -> dict[str, dict[str, Any]]:
    """Return every table of the department's sources under a key for the form."""
    return {
        f"{source.name}|{table['schema_name']}|{table['name']}": {**table, "source": source.name}
        for source in fleet.sources(visit.actor)
        for table in source.tables
    }


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


@step(Permission.CATALOG_ENTRY_BIND)
def unbind(visit: Visit, code: str) -> HttpResponseBase:
    """End a binding nobody uses."""
    entry = queries.entry_for_steward(visit.actor, code)
    try:
        unbind_entry(entry=entry, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=f"/manage/entries/{code}")
    return visit.done(_("已取消挂接"), f"/manage/entries/{code}")
