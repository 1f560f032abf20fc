"""The steps people take on an application. Each is one action; a refused one shows the page with what was typed."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries
from jutong.center.sharing.actions import answering, applying, watching
from jutong.center.sharing.models import Application
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, step
from jutong.web.sharing.application import show
from jutong.web.sharing.form import read_conditions


def _take(visit: Visit, number: str, said: str, act: Callable[[Application], object]) -> HttpResponse:
    application = queries.application(visit.actor, number)
    try:
        act(application)
    except JutongError as problem:
        visit.keep(problem)
        return show(visit, queries.application(visit.actor, number), problem)
    return visit.done(said, f"/applications/{number}")


def _typed(visit: Visit, name: str) -> str:
    return visit.request.POST.get(name, "").strip()


@step(Permission.SHARING_APPLICATION_VIEW)
def consent(visit: Visit, number: str) -> HttpResponseBase:
    """The requester's 工作机构负责人, or who stands in, consents or hands back; the action knows who may."""
    agreed = _typed(visit, "agreed") == "1"
    return _take(
        visit,
        number,
        _("已同意，申请已送达提供方") if agreed else _("已退回经办人"),
        lambda found: applying.consent_request(
            application=found, agreed=agreed, note=_typed(visit, "note"), by=visit.actor, now=visit.now
        ),
    )


@step(Permission.SHARING_APPLICATION_WITHDRAW)
def withdraw(visit: Visit, number: str) -> HttpResponseBase:
    """The requester takes the application back."""
    return _take(
        visit,
        number,
        _("申请已撤回"),
        lambda found: applying.withdraw(application=found, by=visit.actor, now=visit.now),
    )


@step(Permission.SHARING_REMINDER_SEND)
def remind(visit: Visit, number: str) -> HttpResponseBase:
    """催一下."""
    return _take(
        visit,
        number,
        _("已催办，对方会看到"),
        lambda found: watching.remind(application=found, by=visit.actor, now=visit.now),
    )


@step(Permission.SHARING_MESSAGE_SEND)
def message(visit: Visit, number: str) -> HttpResponseBase:
    """Write the other side."""
    return _take(
        visit,
        number,
        _("留言已发送"),
        lambda found: watching.message(application=found, text=_typed(visit, "text"), by=visit.actor, now=visit.now),
    )


@step()
def supplement(visit: Visit, number: str) -> HttpResponseBase:
    """The provider asks, once, for what is missing; or the requester answers."""
    if "answer" in visit.request.POST:
        return _take(
            visit,
            number,
            _("已补正，计时恢复"),
            lambda found: applying.answer_supplement(
                application=found, text=_typed(visit, "answer"), by=visit.actor, now=visit.now
            ),
        )
    missing = [line.strip() for line in _typed(visit, "missing").splitlines() if line.strip()]
    return _take(
        visit,
        number,
        _("补正通知已发出，计时暂停"),
        lambda found: answering.ask_supplement(application=found, missing=missing, by=visit.actor, now=visit.now),
    )


@step(Permission.SHARING_EXTENSION_ASK)
def extension(visit: Visit, number: str) -> HttpResponseBase:
    """The provider asks the authority for more time."""
    days = _typed(visit, "days")
    return _take(
        visit,
        number,
        _("已报主管部门，等它同意后才延长"),
        lambda found: answering.ask_extension(
            application=found,
            days=int(days) if days.isdigit() else 0,
            reason=_typed(visit, "reason"),
            by=visit.actor,
            now=visit.now,
        ),
    )


@step(Permission.SHARING_EXTENSION_DECIDE)
def decide_extension(visit: Visit, number: str) -> HttpResponseBase:
    """The authority consents to more time or not."""
    agreed = _typed(visit, "agreed") == "1"
    return _take(
        visit,
        number,
        _("已同意延长，申请方已收到通知") if agreed else _("不同意延长，期限不变"),
        lambda found: answering.decide_extension(application=found, consented=agreed, by=visit.actor, now=visit.now),
    )


@step(Permission.SHARING_REPLY_PREPARE)
def reply(visit: Visit, number: str) -> HttpResponseBase:
    """The provider's steward prepares the reply, item by item."""
    agreed = _typed(visit, "agreed") == "1"

    def act(found: Application) -> object:
        answers = {
            row.item_id: answering.Answer(mode, _typed(visit, f"n_{row.item_id}"))
            for row in found.items.all()
            if (mode := _typed(visit, f"d_{row.item_id}"))
        }
        return answering.prepare_reply(
            application=found,
            agreed=agreed,
            answers=answers if agreed else None,
            conditions=read_conditions(visit.request.POST) if agreed else (),
            refusal=_typed(visit, "refusal"),
            text=_typed(visit, "text"),
            by=visit.actor,
            now=visit.now,
        )

    return _take(visit, number, _("已拟好答复，等本部门工作机构负责人同意"), act)


@step(Permission.SHARING_APPLICATION_VIEW)
def consent_reply(visit: Visit, number: str) -> HttpResponseBase:
    """The provider's 工作机构负责人, or who stands in, puts the reply in force or hands it back."""
    agreed = _typed(visit, "agreed") == "1"
    return _take(
        visit,
        number,
        _("答复已发出") if agreed else _("已退回拟稿人"),
        lambda found: answering.consent_reply(
            application=found, agreed=agreed, note=_typed(visit, "note"), by=visit.actor, now=visit.now
        ),
    )
