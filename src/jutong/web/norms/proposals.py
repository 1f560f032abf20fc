"""Proposing, changing and deciding data elements."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _

from jutong.center.catalog.enums import DataType
from jutong.center.norms import actions, queries
from jutong.center.norms.actions.elements import written
from jutong.center.norms.fields import ElementFields
from jutong.center.norms.models import DataElement, ElementVersion
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.web.door import Visit, form_page, step

_TEXTS = ("name", "english_name", "definition", "data_type", "pattern", "value_domain", "code_table", "standard",
          "change_note")  # fmt: skip
_STEPS = {"submit": actions.submit, "recall": actions.recall, "discard": actions.discard}


@form_page(Permission.NORMS_ELEMENT_PROPOSE)
def create(visit: Visit) -> HttpResponseBase:
    """Propose a new element."""
    typed = ElementFields(name=visit.request.GET.get("name", ""))
    if not visit.is_post:
        return _form(visit, typed, None)
    typed = _read(visit.request.POST)
    try:
        version = actions.propose(fields=typed, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _form(visit, typed, None, problem)
    return visit.done(_("已存为草稿，提交后由主管部门审核"), f"/norms/elements/{version.element.code}")


@form_page(Permission.NORMS_ELEMENT_PROPOSE)
def change(visit: Visit, code: str) -> HttpResponseBase:
    """Propose a new version of an element in force."""
    element = queries.element(visit.actor, code)
    if element.published is None:
        raise NotFoundError(what=code)
    if not visit.is_post:
        return _form(visit, written(element.published), element)
    typed = _read(visit.request.POST)
    try:
        actions.propose_version(element=element, fields=typed, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _form(visit, typed, element, problem)
    return visit.done(_("已存为草稿，提交后由主管部门审核"), f"/norms/elements/{code}")


@form_page(Permission.NORMS_ELEMENT_PROPOSE)
def edit(visit: Visit, version_id: UUID) -> HttpResponseBase:
    """Write a draft anew."""
    version = _version(visit, version_id)
    if not visit.is_post:
        return _form(visit, written(version), version.element)
    typed = _read(visit.request.POST)
    try:
        actions.edit(version=version, fields=typed, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _form(visit, typed, version.element, problem)
    return visit.done(_("已保存"), f"/norms/elements/{version.element.code}")


@step(Permission.NORMS_ELEMENT_PROPOSE)
def take_step(visit: Visit, version_id: UUID) -> HttpResponseBase:
    """Submit a proposal, take it back or give it up."""
    version = _version(visit, version_id)
    act = _STEPS.get(visit.request.POST.get("step", ""))
    if act is None:
        raise NotFoundError(what=visit.request.POST.get("step", ""))
    back = f"/norms/elements/{version.element.code}"
    try:
        act(version=version, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _form(visit, written(version), version.element, problem) if act is actions.submit else visit.refuse(
            problem, back=back
        )  # fmt: skip
    return visit.done(_("已办理"), "/norms/elements/waiting" if act is actions.discard else back)


@step(Permission.NORMS_ELEMENT_REVIEW)
def decide(visit: Visit, version_id: UUID) -> HttpResponseBase:
    """Publish a proposal or return it with a reason."""
    version = _version(visit, version_id)
    back = f"/norms/elements/{version.element.code}"
    publishing = visit.request.POST.get("publish") == "1"
    try:
        if publishing:
            actions.publish(version=version, by=visit.actor, now=visit.now)
        else:
            reason = visit.request.POST.get("reason", "")
            actions.return_version(version=version, reason=reason, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=back)
    return visit.done(_("已发布") if publishing else _("已退回并说明原因"), "/norms/elements/waiting")


@step(Permission.NORMS_ELEMENT_REVIEW)
def retire(visit: Visit, code: str) -> HttpResponseBase:
    """Take an element out of force."""
    element = queries.element(visit.actor, code)
    back = f"/norms/elements/{code}"
    if element.published is None:
        raise NotFoundError(what=code)
    try:
        reason = visit.request.POST.get("reason", "")
        actions.retire(version=element.published, reason=reason, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=back)
    return visit.done(_("已废止"), back)


def _version(visit: Visit, version_id: UUID) -> ElementVersion:
    found = ElementVersion.objects.filter(id=version_id).select_related("element").first()
    if found is None or found not in queries.versions(visit.actor, found.element):
        raise NotFoundError(what=str(version_id))
    return found


def _read(typed: QueryDict) -> ElementFields:
    texts: dict[str, Any] = {name: typed.get(name, "").strip() for name in _TEXTS}
    numbers: dict[str, Any] = {name: _number(typed.get(name, "")) for name in ("length", "precision")}
    words = typed.get("synonyms", "").replace("，", ",").replace("、", ",").replace("\n", ",").split(",")
    return ElementFields(**texts, **numbers, synonyms=tuple(dict.fromkeys(filter(None, map(str.strip, words)))))


def _number(text: str) -> int | None:
    """Return a typed number; what is none reads as one that no column takes, so that it is told."""
    clean = text.strip()
    if not clean:
        return None
    return int(clean) if clean.isascii() and clean.isdigit() and len(clean) < len("1000000000") else -1


def _form(
    visit: Visit, typed: ElementFields, element: DataElement | None, problem: JutongError | None = None
) -> HttpResponse:
    context = {
        "element": element,
        "typed": typed,
        "synonyms": "，".join(typed.synonyms),
        "types": [("", _("请选择")), *DataType.choices],
        "tables": [("", _("无")), *((row.key, row.name) for row in queries.code_tables(visit.actor))],
        "problem": problem,
    }
    return visit.render("norms/element_form.html", context, status=problem.http_status if problem else 200)
