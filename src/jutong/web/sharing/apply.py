"""申请使用 in four steps. The first saves a draft, so that nothing typed is lost at any later one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.catalog import queries as catalog
from jutong.center.catalog.enums import FieldMode
from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import open_systems
from jutong.center.ownership.queries import sources_of
from jutong.center.sharing import queries
from jutong.center.sharing.actions import applying
from jutong.center.sharing.actions.repeating import copy_application as applying_like
from jutong.center.sharing.conditions import MOST_CONDITIONS, may_narrow, sentences
from jutong.center.sharing.enums import Frequency, Operator, UseWay
from jutong.center.sharing.models import Application
from jutong.center.sharing.need import WIDTH, Need, lent_whole, way_allowed
from jutong.center.sharing.terms import clock_text
from jutong.kernel.errors import JutongError
from jutong.standards import grading
from jutong.web.door import Visit, form_page
from jutong.web.sharing import form
from jutong.web.sharing.masked import masked_as

STEPS = (
    gettext_lazy("用途与依据"),
    gettext_lazy("选字段"),
    gettext_lazy("方式与期限"),
    gettext_lazy("核对并提交"),
)
PURPOSE, ITEMS, TERMS, CHECK = 1, 2, 3, 4
WEEKDAYS = (
    ("1", gettext_lazy("周一")),
    ("2", gettext_lazy("周二")),
    ("3", gettext_lazy("周三")),
    ("4", gettext_lazy("周四")),
    ("5", gettext_lazy("周五")),
    ("6", gettext_lazy("周六")),
    ("7", gettext_lazy("周日")),
)
SPARE_CONDITIONS = 2
"""Empty rows offered below the conditions there are."""


@form_page(Permission.SHARING_APPLICATION_DRAFT)
def begin(visit: Visit, code: str) -> HttpResponseBase:
    """Step 1 on an entry without a draft yet."""
    entry = catalog.published_entry(visit.actor, code)
    version = applying.applicable_version(entry, visit.actor)
    problem = None
    need = Need(title=version.name)
    if visit.is_post:
        try:
            if visit.request.POST.get("then") == "like":
                return _like(visit, entry)
            need = form.read_purpose(Need(), visit.request.POST)
            made = applying.draft(entry=entry, need=need, by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return HttpResponseRedirect(f"/applications/{made.number}/apply/{ITEMS}")
    context: dict[str, Any] = {"entry": entry, "version": version, "need": need, "problem": problem, "number": ""}
    context["sources"] = sources_of(entry, version)
    context["duties"] = _duties(visit)
    patterns = [(row.number, f"{row.title} {row.number}") for row in queries.patterns(visit.actor)]
    context["patterns"] = [("", _("不套用")), *patterns] if patterns else []
    return _show(visit, PURPOSE, context)


def _like(visit: Visit, entry: Entry) -> HttpResponse:
    """Begin the application as an earlier one asked (套用)."""
    pattern = queries.application(visit.actor, visit.request.POST.get("like", ""))
    made = applying_like(pattern=pattern, entry=entry, by=visit.actor, now=visit.now)
    return HttpResponseRedirect(f"/applications/{made.number}/apply/{PURPOSE}")


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
            "masked": masked_as(item, FieldMode.MASKED) if _may_mask(item) else "",
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
        "duties": _duties(visit),
        "conditions": condition_rows(visit, application),
        "narrowing": [("", _("不限")), *_narrowing(application)],
        "operators": Operator.choices,
        "said": sentences(application.conditions.all()),
        "ways": [("", _("请选择")), *((way.value, way.label) for way in UseWay if way in _ways(application))],
        "frequencies": [("", _("请选择")), *Frequency.choices],
        "weekdays": [(value, label, value in _days_typed(visit, need)) for value, label in WEEKDAYS],
        "systems": [("", _("请选择")), *((str(system.id), system.name) for system in open_systems(visit.actor))],
    }


def _duties(visit: Visit) -> list[tuple[str, Any]]:
    """Return the department's duties to choose from; none where it registered none."""
    found = [(str(duty.id), f"{duty.code} {duty.name}") for duty in queries.duties(visit.actor)]
    return [("", _("请选择")), *found] if found else []


def condition_rows(visit: Visit, application: Application) -> list[dict[str, Any]]:
    """Return the rows of the form for conditions: as typed, else those there are, and some empty ones."""
    if visit.is_post and "c0_item" in visit.request.POST:
        get = visit.request.POST.get
        return [
            {"at": at, "item": get(f"c{at}_item", ""), "op": get(f"c{at}_op", ""), "values": get(f"c{at}_values", "")}
            for at in range(MOST_CONDITIONS)
            if f"c{at}_item" in visit.request.POST
        ]
    rows = [
        {"at": at, "item": str(row.item_id), "op": row.operator, "values": "、".join(row.values)}
        for at, row in enumerate(application.conditions.all())
    ]
    last = min(len(rows) + SPARE_CONDITIONS, MOST_CONDITIONS)
    return rows + [{"at": at, "item": "", "op": "", "values": ""} for at in range(len(rows), last)]


def _narrowing(application: Application) -> list[tuple[str, str]]:
    return [(str(item.id), item.name) for item in application.version.items.all() if may_narrow(item)]


def _ways(application: Application) -> set[str]:
    """Return the ways offered: a table in all its grade allows; what is lent whole is called or fetched."""
    if lent_whole(application.entry_id):
        return {UseWay.SERVICE, UseWay.FILE}
    return {way for way in UseWay if way_allowed(application.version, way)}


def _days_typed(visit: Visit, need: Need) -> str:
    if visit.is_post and "share_way" in visit.request.POST:
        return "".join(visit.request.POST.getlist("call_days"))
    return need.call_days


def _terms(visit: Visit, need: Need) -> dict[str, Any]:
    """Return what stands in the third step: as typed, since what was typed may be no date or number at all."""
    if visit.is_post and "share_way" in visit.request.POST:
        return {name: visit.request.POST.get(name, "") for name in form.TERMS}
    until = need.valid_until.isoformat() if need.valid_until else ""
    system = str(need.system_id) if need.system_id else ""
    hours = {"call_first": clock_text(need.first_minute), "call_last": clock_text(need.last_minute)}
    plain = {name: getattr(need, name) for name in form.PLAIN_TERMS}
    return {"valid_until": until, "system": system} | hours | plain


def _may_mask(item: Item) -> bool:
    return WIDTH[FieldMode(grading.allowed_mode(item.grade, item.widest_mode))] >= WIDTH[FieldMode.MASKED]


def _modes(item: Item) -> list[tuple[str, Any, bool]]:
    """Return what can be asked of an item, the least first, and whether it may: what its grade forbids stays shown."""
    widest = WIDTH[FieldMode(grading.allowed_mode(item.grade, item.widest_mode))]
    return [
        (form.NOT_WANTED, _("不要"), True),
        *((mode, FieldMode(mode).label, width <= widest) for mode, width in WIDTH.items()),
    ]


def _show(visit: Visit, step: int, context: dict[str, Any]) -> HttpResponse:
    frame = {"step": step, "steps": list(enumerate(STEPS, 1)), "modes": dict(FieldMode.choices)}
    status = 422 if context.get("problem") else 200
    return visit.render(f"sharing/apply{step}.html", frame | context, status=status)
