"""到哪一步: what happened to an application, what is going on and what the law still gives time for.

Every line is read from a row. A step to come shows its legal time and no guessed date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.clocks import queries as clocks
from jutong.center.clocks.queries import ClockView
from jutong.center.clocks.rules import period_for
from jutong.center.sharing import rules
from jutong.center.sharing.enums import ApplicationState, GrantState, ItemAnswer
from jutong.center.sharing.models import Application, Consent, Extension, Grant, Reply, Supplement
from jutong.kernel.clock import civil_date

When = Literal["done", "now", "todo"]
Text = str | Promise
_ORDER = {"done": 0, "now": 1, "todo": 2}
_ENDED = {
    ApplicationState.WITHDRAWN: _("已撤回"),
    ApplicationState.EXPIRED: _("授权已到期"),
    ApplicationState.TERMINATED: _("授权已终止"),
}
_BEFORE_REPLY = {
    ApplicationState.DRAFT,
    ApplicationState.AWAITING_CONSENT,
    ApplicationState.SUBMITTED,
    ApplicationState.SUPPLEMENTING,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline. ``legal_days`` is the law's time for a step to come, in working days."""

    key: str
    state: When
    title: Text
    at: datetime | None = None
    by: str = ""
    organisation: str = ""
    note: Text = ""
    quote: str = ""
    clock: ClockView | None = None
    legal_days: int | None = None
    until: date | None = None


class _Reader:
    """Reads the rows of one application once."""

    def __init__(self, application: Application, now: datetime) -> None:
        self.application = application
        self.now = now
        self.state = application.state
        self.consents = list(Consent.objects.filter(application=application).select_related("by"))
        self.supplement = Supplement.objects.filter(application=application).select_related("sent_by").first()
        self.extension = (
            Extension.objects.filter(application=application).select_related("asked_by", "consented_by").first()
        )
        self.reply = Reply.objects.filter(application=application).select_related("prepared_by").first()
        self.grant = Grant.objects.filter(application=application).first()
        shown = clocks.views(clocks.of_subject("application", application.id), civil_date(now))
        self.clocks = {clock.period: view for clock, view in shown}

    @property
    def reply_clock(self) -> ClockView | None:
        return self.clocks.get(rules.reply_period(self.application.share_attribute))

    @property
    def supply_clock(self) -> ClockView | None:
        return self.clocks.get(rules.SUPPLY_PERIOD)

    def days(self, period: str) -> int:
        return period_for(period, self.application.provider.division_code, on=civil_date(self.now)).period.length

    @property
    def steps(self) -> Iterator[Step]:
        yield from self._asking()
        yield from self._supplement()
        yield from self._extension()
        yield from self._reply()
        yield from self._supply()
        yield from self._suspensions()
        yield from self._end()

    def _asking(self) -> Iterator[Step]:
        application = self.application
        name = application.created_by.name if application.created_by else ""
        writing: When = "now" if self.state == ApplicationState.DRAFT else "done"
        yield Step("draft", writing, _("填写申请"), application.created_at, name, application.requester.short_name)
        for consent in self.consents:
            if consent.side == "requester":
                title = _("本部门工作机构负责人同意，提交申请") if consent.agreed else _("本部门工作机构负责人退回修改")
                yield Step(
                    "consent" if consent.agreed else "declined", "done", title, consent.at, consent.by.name,
                    application.requester.short_name, quote=consent.note,
                )  # fmt: skip
        if self.state == ApplicationState.AWAITING_CONSENT:
            yield Step(
                "consent", "now", _("等待本部门工作机构负责人同意"), organisation=application.requester.short_name
            )
        elif self.state == ApplicationState.DRAFT:
            yield Step("consent", "todo", _("本部门工作机构负责人同意，提交申请"))

    def _supplement(self) -> Iterator[Step]:
        told = self.supplement
        if told is None:
            return
        missing = "；".join(told.missing)
        title = format_lazy(_("退回补正，一次告知{n}项"), n=len(told.missing))
        provider = self.application.provider.short_name
        yield Step("supplement", "done", title, told.sent_at, told.sent_by.name, provider, quote=missing)
        if told.answered_at is not None:
            organisation = self.application.requester.short_name
            yield Step(
                "supplemented", "done", _("已补正"), told.answered_at, "", organisation, quote=told.answered_text
            )
        elif self.state == ApplicationState.SUPPLEMENTING:
            yield Step("supplemented", "now", _("计时已暂停，等待申请方补正"), clock=self.reply_clock)

    def _extension(self) -> Iterator[Step]:
        asked = self.extension
        if asked is None:
            return
        provider = self.application.provider.short_name
        title = format_lazy(_("申请将答复延长{n}个工作日"), n=asked.days)
        yield Step("extension", "done", title, asked.asked_at, asked.asked_by.name, provider, quote=asked.reason)
        if asked.consented is not None:
            verdict = (
                format_lazy(_("主管部门同意延长{n}个工作日，已通知申请方"), n=asked.days)
                if asked.consented
                else _("主管部门不同意延长")
            )
            who = asked.consented_by.name if asked.consented_by else ""
            yield Step("extension-decision", "done", verdict, asked.consented_at, who)
        elif self.state in {*_BEFORE_REPLY, ApplicationState.REPLY_PREPARED}:
            yield Step("extension-decision", "now", _("等待主管部门决定是否延长"))

    def _reply(self) -> Iterator[Step]:
        application, reply = self.application, self.reply
        provider = application.provider.short_name
        for consent in self.consents:
            if consent.side == "provider" and not consent.agreed:
                title = _("提供方工作机构负责人退回拟稿人")
                yield Step("reply-returned", "done", title, consent.at, consent.by.name, provider)
        if reply is not None and reply.in_force_at is not None:
            yield Step(
                "reply", "done", self._reply_title(reply), reply.in_force_at, reply.prepared_by.name, provider,
                quote=reply.text, clock=self.reply_clock,
            )  # fmt: skip
        elif self.state == ApplicationState.REPLY_PREPARED:
            title = _("答复已拟好，等待提供方工作机构负责人同意")
            yield Step("reply", "now", title, organisation=provider, clock=self.reply_clock)
        elif self.state == ApplicationState.SUBMITTED:
            yield Step("reply", "now", _("对方审核"), organisation=provider, clock=self.reply_clock)
        elif self.state in _BEFORE_REPLY:
            period = rules.reply_period(application.share_attribute)
            yield Step("reply", "todo", _("对方答复"), organisation=provider, legal_days=self.days(period))

    def _reply_title(self, reply: Reply) -> Text:
        provider = self.application.provider.name
        if not reply.agreed:
            return format_lazy(_("{provider}答复：不同意"), provider=provider)
        answers = list(self.application.items.values_list("answer", flat=True))
        parts: list[Text] = [format_lazy(_("同意{n}个信息项"), n=n) for n in [answers.count(ItemAnswer.AGREED)] if n]
        parts += [format_lazy(_("{n}个改为较少"), n=n) for n in [answers.count(ItemAnswer.NARROWED)] if n]
        parts += [format_lazy(_("{n}个不同意"), n=n) for n in [answers.count(ItemAnswer.REFUSED)] if n]
        return format_lazy(_("{provider}答复：{parts}"), provider=provider, parts=rules.listed(parts))

    def _supply(self) -> Iterator[Step]:
        grant, provider = self.grant, self.application.provider.short_name
        if grant is None:
            if self.state in {*_BEFORE_REPLY, ApplicationState.REPLY_PREPARED}:
                legal = self.days(rules.SUPPLY_PERIOD)
                yield Step("supply", "todo", _("开通"), organisation=provider, legal_days=legal)
                yield Step("use", "todo", _("正式使用"), until=self.application.valid_until)
            return
        yield Step("grant", "done", format_lazy(_("授权{number}"), number=grant.number), grant.issued_at)
        if grant.supplied_at is not None:
            yield Step("supply", "done", _("已开通，节点已确认"), grant.supplied_at, clock=self.supply_clock)
        if self.state == ApplicationState.SUPPLYING:
            note = grant.problem if grant.state == GrantState.FAILED else ""
            label = GrantState(grant.state).label
            yield Step("supplying", "now", label, organisation=provider, note=note, clock=self._running_supply())
            yield Step("use", "todo", _("正式使用"), until=self.application.valid_until)
        elif self.state == ApplicationState.SHARING:
            yield Step("use", "now", _("正式使用"), until=self.application.valid_until)

    def _running_supply(self) -> ClockView | None:
        clock = self.supply_clock
        return clock if clock is not None and clock.state != "done" else None

    def _suspensions(self) -> Iterator[Step]:
        if self.grant is None:
            return
        for row in self.grant.suspensions.select_related("by", "lifted_by").order_by("at"):
            yield Step("suspension", "done", _("暂停"), row.at, row.by.name, quote=row.reason)
            if row.confirmed_at is not None:
                yield Step("suspension-confirmed", "done", _("节点已确认停止供数"), row.confirmed_at)
            elif row.lifted_at is None:
                yield Step("suspension-confirmed", "now", _("等待节点确认停止供数"))
            if row.lifted_at is not None:
                yield Step("lift", "done", _("恢复"), row.lifted_at, row.lifted_by.name if row.lifted_by else "")
            elif self.state == ApplicationState.SUSPENDED:
                yield Step("suspended", "now", _("已暂停，等待整改后恢复"))

    def _end(self) -> Iterator[Step]:
        title = _ENDED.get(ApplicationState(self.state))
        if title is not None:
            yield Step("end", "done", title, self.application.closed_at)


def timeline(application: Application, now: datetime) -> list[Step]:
    """Return the steps of an application: done ones by time, then what is going on, then what is to come."""
    steps = list(_Reader(application, now).steps)
    earliest = application.created_at
    return sorted(
        steps, key=lambda step: (_ORDER[step.state], step.at or earliest if step.state == "done" else earliest)
    )
