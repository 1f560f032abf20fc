"""The steps people take on an agreement; a refused one shows the page with what is wrong."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.agreement import actions, queries
from jutong.center.agreement.models import Agreement
from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries as sharing
from jutong.kernel.errors import JutongError
from jutong.standards.agreement import standard_text
from jutong.web.agreements.pages import show
from jutong.web.agreements.papers import show_draft
from jutong.web.door import Visit, step


def _take(visit: Visit, number: str, said: str, act: Callable[[Agreement], object]) -> HttpResponse:
    view = queries.agreement(visit.actor, number, now=visit.now)
    try:
        act(view.agreement)
    except JutongError as problem:
        visit.keep(problem)
        return show(visit, queries.agreement(visit.actor, number, now=visit.now), problem)
    return visit.done(said, f"/agreements/{number}")


def _typed(visit: Visit) -> dict[str, object]:
    """Return the terms the form carries; what is no number where one belongs is left for the domain to refuse."""
    found: dict[str, object] = {}
    for name, term in standard_text().terms.items():
        typed = visit.request.POST.get(name)
        if typed is None:
            continue
        text = typed.strip()
        whole = term.type == "integer" and text.isascii() and text.isdigit() and len(text) < len("1000000000")
        found[name] = int(text) if whole else text
    return found


@step(Permission.SHARING_APPLICATION_VIEW)
def consent_and_sign(visit: Visit, number: str) -> HttpResponseBase:
    """Let the reply go out and sign the agreement it leads to; the action knows who may."""
    typed = visit.request.POST
    application = sharing.application(visit.actor, number)
    try:
        made = actions.consent_and_sign(
            application=application, content=typed.get("content", ""), note=typed.get("note", ""), by=visit.actor,
            now=visit.now,
        )  # fmt: skip
    except JutongError as problem:
        return show_draft(visit, number, problem)
    return visit.done(_("答复已发出，协议已签署，等需求方签署"), f"/agreements/{made.number}")


@step(Permission.AGREEMENT_AGREEMENT_DRAFT)
def terms(visit: Visit, number: str) -> HttpResponseBase:
    """Fill the blanks; with ``then=send`` send it on."""

    def act(found: Agreement) -> object:
        done = actions.edit_terms(agreement=found, changes=_typed(visit), by=visit.actor, now=visit.now)
        if visit.request.POST.get("then") == "send":
            return actions.send(agreement=done, by=visit.actor, now=visit.now)
        return done

    return _take(visit, number, _("条款已保存"), act)


@step(Permission.AGREEMENT_AGREEMENT_DRAFT)
def change(visit: Visit, number: str) -> HttpResponseBase:
    """Propose other terms."""
    note = visit.request.POST.get("note", "")
    return _take(
        visit,
        number,
        _("变更已提出，双方签署后生效"),
        lambda found: actions.propose_change(
            agreement=found, changes=_typed(visit), note=note, by=visit.actor, now=visit.now
        ),
    )


@step(Permission.AGREEMENT_AGREEMENT_DRAFT)
def send(visit: Visit, number: str) -> HttpResponseBase:
    """送签."""
    return _take(visit, number, _("已送签"), lambda found: actions.send(agreement=found, by=visit.actor, now=visit.now))


@step(Permission.AGREEMENT_AGREEMENT_VIEW)
def sign(visit: Visit, number: str) -> HttpResponseBase:
    """Sign the text that was on the page, as the 工作机构负责人 or who stands in; the action knows who may."""
    digest = visit.request.POST.get("digest", "")
    return _take(
        visit,
        number,
        _("已签署"),
        lambda found: actions.sign(agreement=found, text_digest=digest, by=visit.actor, now=visit.now),
    )


@step(Permission.AGREEMENT_AGREEMENT_VIEW)
def hand_back(visit: Visit, number: str) -> HttpResponseBase:
    """Hand the version back instead of signing it."""
    note = visit.request.POST.get("note", "")
    return _take(
        visit,
        number,
        _("已退回修改"),
        lambda found: actions.hand_back(agreement=found, note=note, by=visit.actor, now=visit.now),
    )


@step(Permission.AGREEMENT_AGREEMENT_DRAFT)
def discard(visit: Visit, number: str) -> HttpResponseBase:
    """Give a change up."""
    return _take(
        visit,
        number,
        _("变更已放弃"),
        lambda found: actions.discard_change(agreement=found, by=visit.actor, now=visit.now),
    )
