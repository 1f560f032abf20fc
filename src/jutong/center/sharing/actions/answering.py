"""The provider's steps, and the authority's one: supplement notice, more time, reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.catalog.enums import FieldMode, ShareAttribute
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.rules import cap_of, period_for
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.process.moments import Moment, tell
from jutong.center.sharing import rules
from jutong.center.sharing.actions import _common as common
from jutong.center.sharing.actions._conditions import write_conditions
from jutong.center.sharing.actions.supply import create_grant
from jutong.center.sharing.conditions import RowCondition, settled
from jutong.center.sharing.enums import ConditionOrigin, Event, ItemAnswer, RefusalReason, Side, UseWay
from jutong.center.sharing.errors import (
    ConsentMissingError,
    ExtensionTooLongError,
    ExtensionTwiceError,
    NoExtensionError,
    SupplementTwiceError,
    UnconditionalRefusedError,
)
from jutong.center.sharing.models import Application, ApplicationItem, Consent, Extension, Reply, Supplement
from jutong.center.sharing.need import WIDTH, Problem, lent_whole, problem
from jutong.center.sharing.standing_in import as_head
from jutong.center.sharing.terms import BULK
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError
from jutong.standards import grading

REFUSE = "refuse"
"""What an answer says of an item that is not given."""
MOST_MISSING = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """The provider's answer to one item: a mode not wider than asked, or ``refuse``."""

    mode: str
    note: str = ""


@transaction.atomic
def ask_supplement(*, application: Application, missing: Sequence[str], by: Actor, now: datetime) -> Application:
    """Tell the requester, once and completely, what is missing; the clock stands still meanwhile (条例 21(2)).

    Raises:
        SupplementTwiceError: if a notice was sent before.
        InvalidInputError: if nothing is named.
        ClockRanOutError: if the reply is overdue; what is late stays late.
    """
    locked, row = common.begin(application, Event.ASK_SUPPLEMENT, by)
    earlier = Supplement.objects.filter(application=locked).first()
    if earlier is not None:
        raise SupplementTwiceError(sent_on=civil_date(earlier.sent_at))
    named = [text.strip()[:200] for text in missing if text.strip()]
    if not 1 <= len(named) <= MOST_MISSING:
        message = _("请一次写全缺少的材料，1到{n}条").format(n=MOST_MISSING)
        raise InvalidInputError(problems=[problem("missing", len(named), f"1-{MOST_MISSING}", message, "条例 21(2)")])
    period = rules.reply_period(locked.share_attribute)
    clocks.pause(subject_kind=common.SUBJECT, subject_id=locked.id, period=period, by=by, now=now)
    Supplement.objects.create(application=locked, missing=named, sent_by_id=common.user_id(by), sent_at=now)
    locked.state = row.next
    locked.save(update_fields=["state"])
    common.record("sharing:supplement:ask", locked, by, now, missing=len(named))
    common.notify(
        locked.requester, Role.REQUESTER, gettext_noop("申请“{title}”被退回补正，缺{n}项材料。"),
        common.application_link(locked), now, title=locked.title, n=len(named),
    )  # fmt: skip
    return locked


def extension_cap(application: Application, on: date) -> int:
    """Return the most working days a reply may be extended by: as its clock says, or the rules that hold on a day."""
    period = rules.reply_period(application.share_attribute)
    clock = StatutoryClock.objects.filter(
        subject_kind=common.SUBJECT, subject_id=str(application.id), period=period
    ).first()
    if clock is not None:
        return cap_of(clock)
    return period_for(period, application.provider.division_code, on=on).period.extension_cap


@transaction.atomic
def ask_extension(*, application: Application, days: int, reason: str, by: Actor, now: datetime) -> Application:
    """Ask the authority for more time to reply: once, with a reason, ten working days or the local cap (条例 21(1)).

    Raises:
        ExtensionTwiceError: if more time was asked for before.
        ExtensionTooLongError: for more than the cap or none.
    """
    locked, _row = common.begin(application, Event.ASK_EXTENSION, by)
    if Extension.objects.filter(application=locked).exists():
        raise ExtensionTwiceError
    limit = extension_cap(locked, civil_date(now))
    if not 1 <= days <= limit:
        raise ExtensionTooLongError(days=days, limit=limit)
    clean = common.require_text("reason", reason, limit=500, message=_("请写明需要延长的特殊原因"), clause="条例 21(1)")
    Extension.objects.create(application=locked, days=days, reason=clean, asked_by_id=common.user_id(by), asked_at=now)
    common.record("sharing:extension:ask", locked, by, now, days=days)
    common.notify(
        org.authority_for(locked.provider.division_code), Role.AUTHORITY,
        gettext_noop("{provider}申请将“{title}”的答复延长{days}个工作日。"), common.application_link(locked), now,
        provider=locked.provider.short_name, title=locked.title, days=days,
    )  # fmt: skip
    return locked


@transaction.atomic
def decide_extension(*, application: Application, consented: bool, by: Actor, now: datetime) -> Application:
    """Consent to more time as the authority, or not; with consent the requester is told at once (条例 21(1)).

    Raises:
        NoExtensionError: if none waits for a decision.
        ClockRanOutError: if the period ran out before.
    """
    locked, _row = common.begin(application, Event.DECIDE_EXTENSION, by)
    extension = Extension.objects.filter(application=locked, consented=None).first()
    if extension is None:
        raise NoExtensionError
    extension.consented, extension.consented_by_id, extension.consented_at = consented, by.user_id, now
    extension.save(update_fields=["consented", "consented_by", "consented_at"])
    if consented:
        clocks.extend(
            subject_kind=common.SUBJECT, subject_id=locked.id, period=rules.reply_period(locked.share_attribute),
            days=extension.days, by=by, now=now,
        )  # fmt: skip
        common.notify(
            locked.requester, Role.REQUESTER, gettext_noop("“{title}”的答复经主管部门同意延长{days}个工作日：{reason}"),
            common.application_link(locked), now, title=locked.title, days=extension.days,
            reason=extension.reason[:100],
        )  # fmt: skip
    verdict = (
        gettext_noop("主管部门同意延长{days}个工作日。") if consented else gettext_noop("主管部门不同意延长答复。")
    )
    link = common.application_link(locked)
    common.notify(locked.provider, Role.STEWARD, verdict, link, now, days=extension.days)
    common.record("sharing:extension:decide", locked, by, now, consented=consented, days=extension.days)
    return locked


@transaction.atomic
def prepare_reply(
    *, application: Application, agreed: bool, by: Actor, now: datetime, answers: Mapping[UUID, Answer] | None = None,
    conditions: Sequence[RowCondition] = (), refusal: str = "", text: str = "",
) -> Application:  # fmt: skip
    """Draw up the reply, item by item, for the own 工作机构负责人 (条例 20(3)).

    Args:
        application: a submitted one.
        agreed: whether data will be supplied.
        by: a steward of the provider.
        now: when.
        answers: by item id; an item without an answer is given as asked.
        conditions: further row conditions; they hold besides those asked for, so that they can only narrow.
        refusal: a value of ``RefusalReason`` when not agreed.
        text: what the requester reads; needed when anything is refused or narrowed.

    Raises:
        UnconditionalRefusedError: if 无条件共享 would be refused or narrowed (条例 14, 21).
        InvalidInputError: with everything that is wrong at once.
    """
    locked, row = common.begin(application, Event.PREPARE_REPLY, by)
    answers = answers or {}
    asked = list(locked.items.select_related("item"))
    less = not agreed or bool(conditions)
    less = less or any(answers.get(ask.item_id, Answer(ask.asked)).mode != ask.asked for ask in asked)
    if less and locked.share_attribute == ShareAttribute.UNCONDITIONAL:
        raise UnconditionalRefusedError(entry=locked.version.name)
    narrowing, wrong = settled(conditions, locked.version)
    problems = [*_answer_problems(asked, answers), *_reply_problems(agreed, refusal, text.strip(), less)]
    problems += [*wrong, *_rest_problems(locked, asked, answers, narrowing)] if agreed else []
    if problems:
        raise InvalidInputError(problems=problems)
    _write_answers(locked, asked, answers if agreed else None, narrowing)
    _keep_reply(locked, by, now, agreed=agreed, refusal=refusal, text=text.strip())
    locked.state = row.next
    locked.save(update_fields=["state"])
    common.record("sharing:reply:prepare", locked, by, now, agreed=agreed, narrowed=less)
    common.notify(
        locked.provider, Role.OFFICE_HEAD, gettext_noop("{name}提请同意对“{title}”的答复。"),
        common.application_link(locked), now, name=by.name, title=locked.title,
    )  # fmt: skip
    return locked


def _keep_reply(application: Application, by: Actor, now: datetime, *, agreed: bool, refusal: str, text: str) -> None:
    Reply.objects.update_or_create(
        application=application,
        defaults={
            "agreed": agreed, "refusal": "" if agreed else refusal, "text": text,
            "prepared_by_id": common.user_id(by), "prepared_at": now,
        },
    )  # fmt: skip


def _write_answers(
    application: Application,
    asked: Sequence[ApplicationItem],
    answers: Mapping[UUID, Answer] | None,
    narrowing: Sequence[RowCondition],
) -> None:
    """Put the answers on the items and the provider's conditions on the application; ``None`` refuses all."""
    for ask in asked:
        _write_answer(ask, Answer(REFUSE) if answers is None else answers.get(ask.item_id, Answer(ask.asked)))
    ApplicationItem.objects.bulk_update(asked, ["answer", "given", "answer_note"])
    write_conditions(application, ConditionOrigin.PROVIDER, () if answers is None else narrowing)


def _answer_problems(asked: Sequence[ApplicationItem], answers: Mapping[UUID, Answer]) -> list[Problem]:
    by_item = {ask.item_id: ask for ask in asked}
    found = [
        problem("answers", item_id, _("申请里的信息项"), _("申请里没有这个信息项"))
        for item_id in answers
        if item_id not in by_item
    ]
    for item_id, answer in answers.items():
        ask = by_item.get(item_id)
        if ask is None or answer.mode == REFUSE:
            continue
        if answer.mode not in FieldMode.values or WIDTH[FieldMode(answer.mode)] > WIDTH[FieldMode(ask.asked)]:
            found.append(problem(ask.item.name, answer.mode, ask.asked, _("只能按申请给，或给得更少")))
    return found


def _reply_problems(agreed: bool, refusal: str, text: str, less: bool) -> list[Problem]:  # noqa: FBT001 - private
    found = []
    if not agreed and refusal not in RefusalReason.values:
        allowed = "/".join(RefusalReason.values)
        found.append(problem("refusal", refusal, allowed, _("不同意要选明理由"), "条例 21(2)"))
    if less and not text:
        found.append(problem("text", "", _("必填"), _("有不同意或改动时，请写给申请方的话"), "条例 21(2)"))
    if len(text) > 1000:  # noqa: PLR2004 - the column's length
        found.append(problem("text", len(text), "<= 1000", _("最多{n}个字").format(n=1000)))
    return found


def _rest_problems(
    application: Application,
    asked: Sequence[ApplicationItem],
    answers: Mapping[UUID, Answer],
    narrowing: Sequence[RowCondition],
) -> list[Problem]:
    whole = lent_whole(application.entry_id)
    if narrowing and whole:
        return [problem("conditions", len(narrowing), "0", _("这项数据是整体提供的，不能限定行"))]
    kept = [ask for ask in asked if answers.get(ask.item_id, Answer(ask.asked)).mode != REFUSE]
    if not kept:
        return [problem("answers", 0, ">= 1", _("没有给出任何信息项，请答复不同意"))]
    if application.share_way == UseWay.SERVICE and not whole and not any(ask.item.is_key for ask in kept):
        return [problem("answers", 0, ">= 1", _("服务接口按标识查询，至少给出一个标识信息项"))]
    shown = (answers.get(ask.item_id, Answer(ask.asked)).mode for ask in kept)
    if application.share_way in BULK and not whole and all(mode == FieldMode.VERIFY for mode in shown):
        return [problem("answers", 0, ">= 1", _("成批提供和订阅要给出脱敏或明文的信息项"))]
    return []


def _write_answer(ask: ApplicationItem, answer: Answer) -> None:
    ask.answer_note = answer.note.strip()[:200]
    if answer.mode == REFUSE:
        ask.answer, ask.given = ItemAnswer.REFUSED, ""
        return
    ask.given = answer.mode
    ask.answer = ItemAnswer.AGREED if answer.mode == ask.asked else ItemAnswer.NARROWED


@transaction.atomic
def consent_reply(*, application: Application, agreed: bool, note: str = "", by: Actor, now: datetime) -> Application:
    """Put the reply in force as the provider's 工作机构负责人 or delegate, or hand it back with a note (条例 20(3)).

    In force it stops the reply's clock. An agreeing one makes the grant, orders it to the node of the bound table
    and starts the 20 working days of supply (条例 22).

    Raises:
        SamePersonError: if the head prepared the reply.
        ConsentMissingError: without the requester's consent.
        GrantOverlapError: if the system holds a running grant on the entry.
        CalendarYearMissingError: if the supply clock cannot be counted; then nothing is decided.
    """
    reply = Reply.objects.filter(application_id=application.id).select_related("prepared_by").first()
    event = Event.RETURN_REPLY if not agreed else Event.AGREE if reply is None or reply.agreed else Event.REFUSE
    head, delegation = as_head(by, Permission.SHARING_REPLY_CONSENT, now)
    locked, row = common.begin(application, event, head)
    reply = Reply.objects.select_related("prepared_by").get(application=locked)
    name = reply.prepared_by.name
    common.two_people(_("拟答复"), _("同意答复"), earlier=reply.prepared_by_id, name=name, by=by, delegation=delegation)
    if not agreed:
        note = common.require_text("note", note, limit=500, message=_("退回时请写明原因"))
    elif not Consent.objects.filter(application=locked, side=Side.REQUESTER, agreed=True).exists():
        raise ConsentMissingError(side=Side.REQUESTER.label)
    common.give_consent(locked, Side.PROVIDER, by, now, agreed=agreed, note=note, delegation=delegation)
    locked.state = row.next
    if agreed:
        _decide(locked, reply, by, now)
    locked.save(update_fields=["state", "decided_at", "closed_at"])
    common.record(
        "sharing:reply:consent", locked, by, now, in_force=agreed, agreed=reply.agreed, **common.delegated(delegation)
    )
    if agreed and reply.agreed:
        create_grant(locked, by=by, now=now)
        _inform(locked, now)
        tell(Moment.REPLY_AGREED, locked, by=by, now=now)
    if agreed and not reply.agreed:
        tell(Moment.APPLICATION_CLOSED, locked, by=by, now=now, reason=Event.REFUSE.value)
    _tell(locked, reply, agreed, note, now)
    return locked


def _decide(application: Application, reply: Reply, by: Actor, now: datetime) -> None:
    application.decided_at = reply.in_force_at = now
    reply.save(update_fields=["in_force_at"])
    period = rules.reply_period(application.share_attribute)
    clocks.stop(subject_kind=common.SUBJECT, subject_id=application.id, period=period, by=by, now=now)
    if not reply.agreed:
        application.closed_at = now
        return
    until = application.valid_until
    if until is None or until <= civil_date(now):
        message = _("申请的使用时限已过，请申请方撤回后重新申请")
        raise InvalidInputError(problems=[problem("valid_until", until, f"> {civil_date(now)}", message)])
    clocks.start(
        period=rules.SUPPLY_PERIOD, subject_kind=common.SUBJECT, subject_id=application.id,
        subject_label=f"{application.number} {application.title}", organisation=application.provider, by=by, now=now,
    )  # fmt: skip


def _inform(application: Application, now: datetime) -> None:
    """Tell the authority of a share of important data, which the matrix of GB/T 43697 asks for."""
    grade = application.version.grade
    if not grade or "authority-informed" not in grading.grade(grade).requires:
        return
    for authority in Organisation.objects.filter(
        division_code=application.provider.division_code, is_authority=True, closed_at=None
    ):
        common.notify(
            authority, Role.AUTHORITY, gettext_noop("{provider}向{requester}提供重要数据“{title}”。"),
            common.application_link(application), now, provider=application.provider.short_name,
            requester=application.requester.short_name, title=application.title,
        )  # fmt: skip


def _tell(application: Application, reply: Reply, agreed: bool, note: str, now: datetime) -> None:  # noqa: FBT001 - private
    link = common.application_link(application)
    if not agreed:
        text = gettext_noop("对“{title}”的答复被退回修改：{note}")
        common.notify(application.provider, Role.STEWARD, text, link, now, title=application.title, note=note[:100])
        return
    text = (
        gettext_noop("{provider}同意了申请“{title}”。")
        if reply.agreed
        else gettext_noop("{provider}不同意申请“{title}”。")
    )
    common.notify(
        application.requester, Role.REQUESTER, text, link, now, provider=application.provider.short_name,
        title=application.title,
    )  # fmt: skip
