"""Asking for the data of the own area, confirming the terms, taking it back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from jutong.center.catalog.enums import FieldMode, ShareAttribute
from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.center.clocks import actions as clocks
from jutong.center.constraints import constraint_errors
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.lineage import above
from jutong.center.org.models import InformationSystem
from jutong.center.org.permissions import Permission
from jutong.center.ownership.texts import problem, required
from jutong.center.returns.actions import _common as common
from jutong.center.returns.enums import ReturnEvent, ReturnState
from jutong.center.returns.errors import NoDivisionItemError, NotUpperError, ReturnOpenError
from jutong.center.returns.models import ReturnFlow, ReturnItem
from jutong.center.returns.rules import PERIOD
from jutong.center.sharing.actions.applying import applicable_version
from jutong.center.sharing.actions.stopping import revoke_grant
from jutong.center.sharing.actions.supply import create_grant
from jutong.center.sharing.enums import ApplicationState, Frequency, ItemAnswer, UseWay
from jutong.center.sharing.models import Application, ApplicationItem, Grant, Reply
from jutong.center.sharing.need import WIDTH, division_item, way_allowed
from jutong.center.sharing.numbers import APPLICATION, next_number
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop
from jutong.standards import grading

NUMBER = "HL"
CLAUSE = "条例 24"
YEARS = 3
QUOTA = 10_000
"""Calls a day; pages of a thousand rows make ten million rows of it."""
_PATH = (
    ApplicationState.AWAITING_CONSENT, ApplicationState.SUBMITTED, ApplicationState.REPLY_PREPARED,
    ApplicationState.SUPPLYING,
)  # fmt: skip


@transaction.atomic
def ask_return(
    *,
    entry: Entry,
    items: Collection[UUID],
    system_id: UUID,
    basis: str,
    scenario: str,
    share_way: str = UseWay.BATCH,
    frequency: str = Frequency.DAILY,
    by: Actor,
    now: datetime,
) -> ReturnFlow:
    """Ask an upper department for what its entry says about the own area (条例 24).

    Args:
        entry: a published one of a department of a division above.
        items: ids of the items wanted; empty for all.
        system_id: of the own system that fetches.
        basis: the duty it serves.
        scenario: what for.
        share_way: a value of ``UseWay``.
        frequency: a value of ``Frequency``.
        by: somebody of the lower department.
        now: when.

    Raises:
        NotUpperError: if the provider is not of a division above.
        NoDivisionItemError: if the entry cannot be cut by division.
        ReturnOpenError: while one of this entry goes on.
        NotShareableError: where law forbids sharing it.
        InvalidInputError: with everything that is wrong at once.
        ForbiddenError: if the post does not ask.
    """
    org.require(by, Permission.SHARING_RETURN_ASK)
    requester = org.own_organisation(by)
    fresh = Entry.objects.select_related("published", "organisation").get(id=entry.id)
    version = applicable_version(fresh, by)
    if fresh.organisation.division_code not in above(requester.division_code):
        raise NotUpperError(entry=version.name, provider=fresh.organisation.short_name)
    if division_item(version) is None:
        raise NoDivisionItemError(entry=version.name)
    wanted = _wanted(version, items)
    system = InformationSystem.objects.filter(id=system_id, organisation=requester, closed_at=None).first()
    _check(version, wanted=wanted, items=items, system=system, share_way=share_way, frequency=frequency)
    assert system is not None  # noqa: S101 - checked above
    running = ReturnFlow.objects.filter(requester=requester, entry=fresh, ended_at=None).first()
    again = ReturnOpenError(entry=version.name, number=running.number if running else "")
    if running is not None:
        raise again
    flow = ReturnFlow(
        number=next_number(NUMBER, now), state=ReturnState.ASKED, requester=requester, provider=fresh.organisation,
        entry=fresh, version=version, system=system, division_code=requester.division_code,
        basis=required(basis, "basis", gettext_noop("使用依据"), CLAUSE),
        scenario=required(scenario, "scenario", gettext_noop("使用场景"), CLAUSE),
        share_way=share_way, frequency=frequency, asked_by_id=by.user_id, asked_at=now,
    )  # fmt: skip
    with constraint_errors(one_open_return_an_entry=again):
        flow.save(force_insert=True)
    ReturnItem.objects.bulk_create(ReturnItem(flow=flow, item=item) for item in wanted)
    common.record("ask", flow, by, now, entry=fresh.code, items=len(wanted))
    text = gettext_noop("{requester}登记了数据回流{number}“{title}”，请确认口径。")
    common.tell(flow.provider, Role.STEWARD, text, flow, now, requester=requester.short_name)
    return flow


def _wanted(version: EntryVersion, items: Collection[UUID]) -> list[Item]:
    return [item for item in version.items.all() if not items or item.id in items]


def _check(
    version: EntryVersion,
    *,
    wanted: Collection[Item],
    items: Collection[UUID],
    system: InformationSystem | None,
    share_way: str,
    frequency: str,
) -> None:
    """Refuse what cannot be, everything at once.

    Raises:
        InvalidInputError: naming each place.
    """
    found = []
    if not wanted or len(wanted) < len(set(items)):
        message = gettext_noop("至少选一个信息项，且都是该目录的")
        found.append(problem("items", gettext_noop("信息项"), CLAUSE, message))
    if system is None:
        found.append(problem("system", gettext_noop("用数系统"), CLAUSE, gettext_noop("只能选本部门在用的系统")))
    if share_way not in UseWay.values or not way_allowed(version, share_way):
        message = gettext_noop("没有这种方式，或该目录的分级不允许")
        found.append(problem("share_way", gettext_noop("共享方式"), CLAUSE, message, found=share_way[:20]))
    if frequency not in Frequency.values:
        message = gettext_noop("没有这种频率")
        found.append(problem("frequency", gettext_noop("更新频率"), CLAUSE, message, found=frequency[:20]))
    if found:
        raise InvalidInputError(problems=found)


@transaction.atomic
def confirm_return(
    *,
    flow: ReturnFlow,
    frequency: str = "",
    note: str = "",
    left_out: Mapping[UUID, str] | None = None,
    by: Actor,
    now: datetime,
) -> ReturnFlow:
    """Confirm the terms as the upper department and order the return; it may say what it does not have, no more.

    No consent of 条例 20 is asked for, because the law itself orders the return; the share is cut to the asker's
    division and shows every item as widely as entry and grade allow. The 20 working days start.

    Args:
        flow: one that was asked for.
        frequency: another frequency than asked for; empty for the same.
        note: what a row means and how it is counted.
        left_out: ids of items the department does not have, each with the reason.
        by: a steward of the upper department.
        now: when.

    Raises:
        InvalidInputError: if nothing would be left, an item is left out without a reason, or the frequency is unknown.
        GrantOverlapError: if the asking system holds a running grant on the entry.
        WrongSideError: for anybody but the upper department.
    """
    locked, row = common.begin(flow, ReturnEvent.CONFIRM, by)
    rows = list(locked.items.select_related("item"))
    without = {item: reason.strip()[:200] for item, reason in (left_out or {}).items()}
    kept = [each for each in rows if each.item_id not in without]
    wrong = []
    if not kept or not all(without.values()) or len(kept) + len(without) != len(rows):
        message = gettext_noop("不具备的信息项要逐项写明理由，且至少回流一项")
        wrong.append(problem("items", gettext_noop("信息项"), CLAUSE, message))
    if frequency and frequency not in Frequency.values:
        message = gettext_noop("没有这种频率")
        wrong.append(problem("frequency", gettext_noop("更新频率"), CLAUSE, message, found=frequency[:20]))
    if wrong:
        raise InvalidInputError(problems=wrong)
    for each in rows:
        each.left_out = without.get(each.item_id, "")
    ReturnItem.objects.bulk_update(rows, ["left_out"])
    locked.frequency, locked.note = frequency or locked.frequency, note.strip()[:500]
    locked.confirmed_by_id, locked.confirmed_at, locked.state = by.user_id or org.NOBODY, now, row.next
    locked.application = _share(locked, [each.item for each in kept], by, now)
    locked.save()
    clocks.start(
        period=PERIOD, subject_kind=common.SUBJECT, subject_id=locked.id, subject_label=str(locked)[:200],
        organisation=locked.provider, by=by, now=now,
    )  # fmt: skip
    grant = create_grant(locked.application, by=by, now=now)
    common.record("confirm", locked, by, now, grant=grant.number, left_out=len(without))
    text = gettext_noop("{provider}确认了数据回流{number}“{title}”的口径，正在对接。")
    common.tell(locked.requester, None, text, locked, now, provider=locked.provider.short_name)
    return locked


def _share(flow: ReturnFlow, items: Collection[Item], by: Actor, now: datetime) -> Application:
    """Make the share a return runs on, along the same steps of the table as any other."""
    until = civil_date(now) + timedelta(days=365 * YEARS)
    application = Application.objects.create(
        number=next_number(APPLICATION, now), entry=flow.entry, version=flow.version,
        share_attribute=ShareAttribute.UNCONDITIONAL, requester=flow.requester, provider=flow.provider,
        system=flow.system, state=ApplicationState.DRAFT, title=f"数据回流 {flow.version.name}"[:128],
        basis=flow.basis, scenario=flow.scenario, scope=flow.division_code, share_way=flow.share_way,
        frequency=flow.frequency, valid_until=until, daily_quota=QUOTA, division_filter=flow.division_code,
        is_true=True, is_lawful=True, is_necessary=True, created_by_id=flow.asked_by_id, created_at=now,
    )  # fmt: skip
    ApplicationItem.objects.bulk_create(
        ApplicationItem(
            application=application, item=item, asked=widest(item), answer=ItemAnswer.AGREED, given=widest(item)
        )
        for item in items
    )
    Reply.objects.create(
        application=application, agreed=True, text="条例第二十四条", prepared_by_id=by.user_id or org.NOBODY,
        prepared_at=now, in_force_at=now,
    )  # fmt: skip
    application.submitted_at = application.decided_at = now
    for state in _PATH:
        application.state = state
        application.save(update_fields=["state", "submitted_at", "decided_at"])
    return application


def widest(item: Item) -> str:
    """Return how widely an item may be shown at most: as its entry and its grade allow, the only limits there are."""
    by_grade = FieldMode(grading.allowed_mode(item.grade, FieldMode.PLAIN))
    by_entry = FieldMode(item.widest_mode)
    return min(by_grade, by_entry, key=lambda mode: WIDTH[mode]).value


@transaction.atomic
def withdraw_return(*, flow: ReturnFlow, by: Actor, now: datetime) -> ReturnFlow:
    """Take a return back before data came; a grant that was ordered is given up.

    Raises:
        WrongSideError: for anybody but the asker.
        StepNotAllowedError: once data comes.
    """
    locked, row = common.begin(flow, ReturnEvent.WITHDRAW, by)
    clocks.cancel(subject_kind=common.SUBJECT, subject_id=locked.id, by=by, now=now)
    locked.state, locked.ended_at = row.next, now
    locked.save(update_fields=["state", "ended_at"])
    give_up(locked, by, now)
    common.record("withdraw", locked, by, now)
    text = gettext_noop("数据回流{number}“{title}”已撤回。")
    common.tell(locked.provider, Role.STEWARD, text, locked, now)
    return locked


def give_up(flow: ReturnFlow, by: Actor, now: datetime) -> None:
    """Give the grant of a return up, where it still runs."""
    grant = Grant.objects.filter(application_id=flow.application_id or org.NOBODY, ended_at=None).first()
    if grant is not None:
        revoke_grant(grant=grant, reason="数据回流结束", by=by, now=now)
