"""What the tasks of this app and of the catalog are about, for whoever decides them where they are listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db.models import Prefetch, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog import duty_queries as duties
from jutong.center.catalog.enums import Grade, ShareAttribute
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.ownership import queries as ownership
from jutong.center.sharing.consumption import IdleInquiry
from jutong.center.sharing.enums import ItemAnswer
from jutong.center.sharing.models import Application, ApplicationItem
from jutong.center.sharing.parties import visible
from jutong.center.sharing.queries.briefs import Brief, describe_with, stated
from jutong.center.sharing.queries.tasks import Task, TaskKind, Text
from jutong.kernel.clock import civil_date

_GRADES = list(Grade.values)
_TAKEN_BACK = (ItemAnswer.NARROWED, ItemAnswer.REFUSED)


def register_all() -> None:
    """Let the inbox tell these; called when the app is ready."""
    describe_with((TaskKind.APPLICATION_CONSENT, TaskKind.APPLICATION_ANSWER), of_applications)
    describe_with((TaskKind.REPLY_CONSENT,), of_replies)
    describe_with((TaskKind.SUPPLEMENT_ANSWER,), of_supplements)
    describe_with((TaskKind.EXTENSION_DECIDE,), of_extensions)
    describe_with((TaskKind.GRANT_IDLE,), of_idle)
    describe_with((TaskKind.CATALOG_EXTENSION,), of_updates)
    describe_with((TaskKind.CATALOG_FILING,), of_filings)
    describe_with((TaskKind.SOURCE_POSITION,), of_positions)


def _ids(tasks: Sequence[Task]) -> list[str]:
    return [task.subject_id for task in tasks]


def _applications(actor: Actor, tasks: Sequence[Task]) -> QuerySet[Application]:
    items = Prefetch("items", ApplicationItem.objects.select_related("item"))
    found = Application.objects.filter(visible(actor), id__in=_ids(tasks))
    return found.select_related("version", "requester", "provider").prefetch_related(items)


def of_applications(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what is asked for and why; for free data consenting confirms the undertaking, which is at hand."""
    found = {}
    for row in _applications(actor, tasks):
        is_free = row.share_attribute == ShareAttribute.UNCONDITIONAL
        paper = (_("看使用承诺书，提交即确认"), f"/applications/{row.number}/undertaking") if is_free else None
        found[str(row.id)] = Brief(asked_for(row), frozenset({"consent"}), paper=paper)
    return found


def asked_for(row: Application) -> tuple[tuple[Text, Text], ...]:
    """Return the facts of an application: data, items with their sensitivity, purpose, basis, way and until when."""
    items = [each.item for each in row.items.all()]
    sensitive = sum(item.is_sensitive for item in items)
    highest = max((item.grade for item in items), key=_GRADES.index, default=Grade.G1)
    told = format_lazy(_("{n}项，最高{grade}"), n=len(items), grade=Grade(highest).label)
    if sensitive:
        told = format_lazy(_("{n}项，敏感{m}项，最高{grade}"), n=len(items), m=sensitive, grade=Grade(highest).label)
    return stated(
        (_("目录"), row.version.name),
        (_("信息项"), told),
        (_("用途"), row.scenario),
        (_("依据"), row.basis),
        (_("方式"), format_lazy("{way} {attribute}", way=row.get_share_way_display(),
                              attribute=row.get_share_attribute_display())),
        (_("使用到"), row.valid_until.isoformat() if row.valid_until else ""),
    )  # fmt: skip


def of_replies(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what was asked for and what the reply says to it."""
    found = {}
    for row in _applications(actor, tasks).select_related("reply"):
        less = sum(each.answer in _TAKEN_BACK for each in row.items.all())
        said: Text = _("全部同意")
        if not row.reply.agreed:
            said = format_lazy(_("不同意：{why}"), why=row.reply.get_refusal_display())
        elif less:
            said = format_lazy(_("同意，其中{n}项少给或不给"), n=less)
        facts = (*asked_for(row), *stated((_("拟答复"), said), (_("写给申请方"), row.reply.text)))
        signs = row.reply.agreed and row.share_attribute == ShareAttribute.CONDITIONAL
        paper = (_("看协议，同意并签署"), f"/applications/{row.number}/agreement") if signs else None
        found[str(row.id)] = Brief(facts, frozenset({"consent"}), paper=paper)
    return found


def of_supplements(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what the provider misses."""
    return {
        str(row.id): Brief(stated((_("要补正"), "；".join(row.supplement.missing))), frozenset({"answer"}))
        for row in Application.objects.filter(visible(actor), id__in=_ids(tasks)).select_related("supplement")
    }


def of_extensions(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return how many days more the provider asks for and why."""
    return {
        str(row.id): Brief(
            stated(
                (_("提供方"), row.provider.short_name),
                (_("延长"), format_lazy(_("{n}个工作日"), n=row.extension.days)),
                (_("特殊原因"), row.extension.reason),
                *asked_for(row)[:2],
            ),
            frozenset({"decide"}),
        )
        for row in _applications(actor, tasks).select_related("extension")
    }  # fmt: skip


def of_idle(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return since when nobody called a grant, and how long it would go on."""
    own = actor.organisation_id or org.NOBODY
    rows = IdleInquiry.objects.filter(answered_at=None, grant_id__in=_ids(tasks), grant__requester_id=own)
    return {
        str(row.grant_id): Brief(
            stated(
                (_("没有调用"), format_lazy(_("{day}起"), day=civil_date(row.idle_since).isoformat())),
                (_("授权到"), civil_date(row.grant.valid_until).isoformat()),
                (_("用途"), row.grant.application.scenario),
            ),
            frozenset({"answer"}),
        )
        for row in rows.select_related("grant__application")
    }  # fmt: skip


def of_updates(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return how many days more a department asks for to bring an entry up to date."""
    rows = duties.extensions(actor).filter(id__in=_ids(tasks))
    return {
        str(row.id): Brief(stated((_("延长"), format_lazy(_("{n}个工作日"), n=row.days))), frozenset({"decide"}))
        for row in rows
    }


def of_filings(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what a filing would change or end, and what each department that uses it said."""
    return {
        str(row.id): Brief(
            stated(
                (_("备案"), row.get_kind_display()),
                (_("协商结果"), "；".join(f"{each['name']}：{each['text']}" for each in row.consulted)),
            ),
            frozenset({"decide"}),
        )
        for row in duties.filings(actor).filter(id__in=_ids(tasks))
    }


def of_positions(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return who would be the source and why."""
    wanted = set(_ids(tasks))
    return {
        str(row.designation.subject_id): Brief(
            stated(
                (_("拟指定"), row.designation.organisation.name),
                (_("依据"), row.designation.basis),
                (_("表态到"), _day(row.designation.answer_by)),
            ),
            frozenset({"state"}),
        )
        for row in ownership.positions_to_state(actor)
        if str(row.designation.subject_id) in wanted
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
