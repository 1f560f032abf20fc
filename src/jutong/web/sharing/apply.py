"""申请使用 in four steps. The first saves a draft, so that nothing typed is lost at any later one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.catalog import queries as catalog
from jutong.center.catalog.enums import FieldMode, ShareWay
from jutong.center.catalog.models import EntryVersion, Item
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import open_systems
from jutong.center.ownership.queries import sources_of
from jutong.center.sharing import queries
from jutong.center.sharing.actions import applying
from jutong.center.sharing.models import Application
from jutong.center.sharing.need import WIDTH, Need, lent_whole
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page
from jutong.web.sharing import form

STEPS = (
    gettext_lazy("用途与依据"),
    gettext_lazy("选字段"),
    gettext_lazy("方式与期限"),
    gettext_lazy("核对并提交"),
)
PURPOSE, ITEMS, TERMS, CHECK = 1, 2, 3, 4


@form_page(Permission.SHARING_APPLICATION_DRAFT)
def begin(visit: Visit, code: str) -> HttpResponseBase:
    """Step 1 on an entry without a draft yet."""
    entry = catalog.published_entry(visit.actor, code)
    version = applying.applicable_version(entry, visit.actor)
    problem = None
    need = Need(title=version.name)
    if visit.is_post:
        try:
            need = form.read_purpose(Need(), visit.request.POST)
            made = applying.draft(entry=entry, need=need, by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return HttpResponseRedirect(f"/applications/{made.number}/apply/{ITEMS}")
    context: dict[str, Any] = {"entry": entry, "version": version, "need": need, "problem": problem, "number": ""}
    context["sources"] = sources_of(entry, version)
    return _show(visit, PURPOSE, context)


@form_page(Permission.SHARING_APPLICATION_DRAFT)
def edit(visit: Visit, number: str, step: int) -> HttpResponseBase:
    """Any step of a saved draft."""
    application = queries.application(visit.actor, number)
    step = min(max(step, PURPOSE), CHECK)
    problem, need = None, form.need_of(application)
    if visit.is_post:
        try:
            need = _read(step, need, visit.request.POST, application.version)
            applying.edit_draft(application=application, need=need, by=visit.actor, now=visit.now)
            return _onward(visit, application, step)
        except JutongError as error:
            problem = error
            application = queries.application(visit.actor, number)
    context = _context(visit, application, need) | {"problem": problem}
    return _show(visit, step, context)


def _read(step: int, need: Need, typed: QueryDict, version: EntryVersion) -> Need:
    readers: dict[int, Callable[[], Need]] = {
        PURPOSE: lambda: form.read_purpose(need, typed),
        ITEMS: lambda: form.read_items(need, typed, version),
        TERMS: lambda: form.read_terms(need, typed),
        CHECK: lambda: form.read_declarations(need, typed),
    }
    return readers[step]()


def _onward(visit: Visit, application: Application, step: int) -> HttpResponse:
    address = f"/applications/{application.number}"
    if visit.request.POST.get("then") == "save":
        return visit.done(_("草稿已存"), address)
    if step < CHECK:
        return HttpResponseRedirect(f"{address}/apply/{step + 1}")
    applying.request_consent(application=application, by=visit.actor, now=visit.now)
    return visit.done(_("已提请本部门工作机构负责人同意"), address)


def _context(visit: Visit, application: Application, need: Need) -> dict[str, Any]:
    asked = {ask.item_id: ask for ask in need.items}
    rows = [
        {
            "item": item,
            "modes": _modes(item),
            "mode": asked[item.id].mode if item.id in asked else form.NOT_WANTED,
            "reason": asked[item.id].reason if item.id in asked else "",
        }
        for item in application.version.items.all()
    ]
    return {
        "application": application,
        "entry": application.entry,
        "sources": sources_of(application.entry, application.version),
        "version": application.version,
        "number": application.number,
        "need": need,
        "terms": _terms(visit, need),
        "rows": rows,
        "chosen": [row for row in rows if row["mode"] != form.NOT_WANTED],
        "ways": [
            ("", _("请选择")),
            *((value, label) for value, label in ShareWay.choices if value in _ways(application)),
        ],
        "systems": [("", _("请选择")), *((str(system.id), system.name) for system in open_systems(visit.actor))],
    }


def _ways(application: Application) -> set[str]:
    """Return the ways offered: calls on a table; files are fetched whole."""
    return {ShareWay.SERVICE, ShareWay.FILE} if lent_whole(application.entry_id) else {ShareWay.SERVICE}


def _terms(visit: Visit, need: Need) -> dict[str, Any]:
    """Return what stands in the third step: as typed, since what was typed may be no date or number at all."""
    if visit.is_post and "share_way" in visit.request.POST:
        return {name: visit.request.POST.get(name, "") for name in form.TERMS}
    until = need.valid_until.isoformat() if need.valid_until else ""
    system = str(need.system_id) if need.system_id else ""
    return {"valid_until": until, "system": system} | {name: getattr(need, name) for name in form.PLAIN_TERMS}


def _modes(item: Item) -> list[tuple[str, Any]]:
    """Return what may be asked of an item, the least first."""
    widest = WIDTH[FieldMode(item.widest_mode)]
    return [
        (form.NOT_WANTED, _("不要")),
        *((mode, FieldMode(mode).label) for mode, width in WIDTH.items() if width <= widest),
    ]


def _show(visit: Visit, step: int, context: dict[str, Any]) -> HttpResponse:
    frame = {"step": step, "steps": list(enumerate(STEPS, 1)), "modes": dict(FieldMode.choices)}
    status = 422 if context.get("problem") else 200
    return visit.render(f"sharing/apply{step}.html", frame | context, status=status)
