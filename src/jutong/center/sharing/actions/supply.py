"""From an agreed application to data in use: the grant, its order to the node, and what the node answers."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from jutong.center.catalog.models import Binding, Entry
from jutong.center.clocks import actions as clocks
from jutong.center.constraints import constraint_errors
from jutong.center.fleet import actions as fleet
from jutong.center.fleet import queries as fleet_queries
from jutong.center.fleet.errors import SourceUnknownError
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.enums import Role
from jutong.center.org.models import InformationSystem
from jutong.center.process.moments import Moment, held, tell
from jutong.center.sharing import rules
from jutong.center.sharing.actions import _common as common
from jutong.center.sharing.actions.repeating import start_of
from jutong.center.sharing.compile import column_of, compile_grant, missing_columns
from jutong.center.sharing.enums import ApplicationState, Event, GrantState, ItemAnswer
from jutong.center.sharing.errors import GrantOverlapError
from jutong.center.sharing.models import Application, Grant, GrantItem, Suspension
from jutong.center.sharing.numbers import GRANT, next_number
from jutong.contracts.orders import GrantStateOrder
from jutong.kernel.clock import BEIJING

ANSWERS: dict[str, Event] = {
    "ready": Event.SUPPLY,
    "failed": Event.FAIL_SUPPLY,
    "suspended": Event.CONFIRM_SUSPENSION,
    "revoked": Event.CONFIRM_END,
}
"""What a node's grant receipt means for a grant."""
LIVE = (GrantState.AWAITING_BINDING, GrantState.ORDERED, GrantState.ACTIVE, GrantState.FAILED)
"""States in which a grant's order may be issued again; a suspended one is issued anew when it is lifted, and one that
waits for its agreement when that is in force."""

UNBOUND = gettext_noop("“{entry}”还没有挂接到数据，授权{number}在等待挂接。")
WHOLE_ONLY = gettext_noop("“{entry}”是整体提供的，不能只核验、脱敏或限定“{items}”，授权{number}没有开通。")


def open_binding(entry: Entry) -> Binding | None:
    """Return what stands behind an entry, if anything is bound."""
    return Binding.objects.filter(entry=entry, ended_at=None).first()


def create_grant(application: Application, *, by: Actor, now: datetime) -> Grant:
    """Make the grant of an application whose agreeing reply just came into force, and order it where it can be.

    Raises:
        GrantOverlapError: if the system holds a running grant on the same entry.
    """
    system, until = application.system, application.valid_until
    assert system is not None  # noqa: S101 - an application without system is not sent
    assert until is not None  # noqa: S101 - nor one without end
    end = datetime.combine(until + timedelta(days=1), time(), BEIJING)
    earlier = Grant.objects.filter(entry=application.entry, system=system, ended_at=None).first()
    overlap = GrantOverlapError(
        system=system.name, entry=application.version.name, number=earlier.number if earlier else ""
    )
    start = start_of(application, earlier, now)
    if earlier is not None and earlier.valid_until > start:
        raise overlap
    with constraint_errors(grants_do_not_overlap=overlap):
        grant = Grant.objects.create(
            number=next_number(GRANT, now), application=application, entry=application.entry,
            requester=application.requester, provider=application.provider, system=system,
            state=GrantState.AWAITING_BINDING, purpose=application.scenario, daily_quota=application.daily_quota,
            valid_from=start, valid_until=end, issued_at=now,
        )  # fmt: skip
    given = application.items.exclude(answer=ItemAnswer.REFUSED).select_related("item")
    GrantItem.objects.bulk_create(
        GrantItem(grant=grant, item=row.item, mode=row.given, column="", is_lookup=row.item.is_key) for row in given
    )
    common.record_grant("sharing:grant:issue", grant, by, now, until=end.isoformat())
    put_order(grant, application, by=by, now=now)
    return grant


def put_order(grant: Grant, application: Application, *, by: Actor, now: datetime) -> bool:
    """Compile the grant and put it into the feed of the node of its table; both rows are locked by the caller.

    While a process holds the grant back, with nothing bound, an item the table does not carry, or one that may not be
    seen whole where the whole is lent, the grant says so and waits: nothing is ordered.
    """
    if reason := held(grant):
        _hold(grant, reason)
        return False
    binding = open_binding(grant.entry)
    items = list(grant.items.select_related("item"))
    missing = missing_columns(application, binding, items) if binding else []
    if binding is None or missing:
        _await_binding(grant, application, missing, by, now, whole=binding is not None and not binding.is_table)
        return False
    try:
        source = fleet_queries.source(binding.source)
    except SourceUnknownError:
        _await_binding(grant, application, [binding.source], by, now)
        return False
    for row in items:
        row.column = column_of(binding, row.item)
    GrantItem.objects.bulk_update(items, ["column"])
    previous = fleet_queries.node_of_grant(grant.id)
    if previous is not None and previous != source.node:
        order_state(grant, "suspended", "moved to another node", by=by, now=now)
    body = compile_grant(grant, application, binding, items)
    stopped_before = fleet_queries.was_ordered(source.node, "grant-state", str(grant.id))
    fleet.issue_order(node=source.node, kind="grant", body=body, subject_id=grant.id, by=by, now=now)
    if stopped_before:  # a node keeps a grant stopped through new terms until it is told to go on
        order_state(grant, "active", "", by=by, now=now)
    if grant.state != GrantState.ACTIVE:
        grant.state, grant.problem = GrantState.ORDERED, ""
        grant.save(update_fields=["state", "problem"])
    common.record_grant("sharing:grant:order", grant, by, now, node=source.node.name, source=source.name)
    return True


def _hold(grant: Grant, reason: str) -> None:
    if grant.state != GrantState.AWAITING_AGREEMENT:
        grant.state = rules.GRANTS.step(grant.state, Event.HOLD, label=grant.number).next
    grant.problem = reason
    grant.save(update_fields=["state", "problem"])


def _await_binding(
    grant: Grant, application: Application, missing: list[str], by: Actor, now: datetime, *, whole: bool = False
) -> None:
    problem = "、".join(missing)[:500]
    told = grant.state == GrantState.AWAITING_BINDING and grant.problem == problem and grant.issued_at != now
    if grant.state == GrantState.ACTIVE:  # what stands behind it now does not carry what was granted
        order_state(grant, "suspended", "binding lacks granted items", by=by, now=now)
        application.state = rules.APPLICATIONS.step(application.state, Event.FAIL_SUPPLY, label=application.number).next
        application.save(update_fields=["state"])
    if grant.state != GrantState.AWAITING_BINDING:
        grant.state = rules.GRANTS.step(grant.state, Event.LACK, label=grant.number).next
    grant.problem = problem
    grant.save(update_fields=["state", "problem"])
    if not told:
        common.notify(
            grant.provider, Role.STEWARD, WHOLE_ONLY if whole else UNBOUND, common.application_link(application), now,
            entry=application.version.name, number=grant.number, items=problem,
        )  # fmt: skip


def order_state(grant: Grant, state: str, reason: str, *, by: Actor, now: datetime) -> bool:
    """Order the grant's node to suspend, resume or revoke it. ``False`` when no node ever held the grant."""
    node = fleet_queries.node_of_grant(grant.id)
    if node is None:
        return False
    body = GrantStateOrder(grant_id=str(grant.id), state=state, reason=reason)  # type: ignore[arg-type]  # checked by the contract itself
    fleet.issue_order(node=node, kind="grant-state", body=body, subject_id=grant.id, by=by, now=now)
    return True


@transaction.atomic
def retry_supply(*, grant: Grant, by: Actor, now: datetime) -> Grant:
    """Order a grant again, after the table was bound or what made it fail was put right.

    Raises:
        StepNotAllowedError: if the grant is suspended or has ended.
    """
    locked, application = common.lock_grant(grant.id)
    common.admit(rules.GRANTS, locked.state, Event.ORDER, application, by)
    put_order(locked, application, by=by, now=now)
    return locked


@transaction.atomic
def release_grant(*, grant: Grant, by: Actor, now: datetime) -> Grant:
    """Order a grant that was held back, or that runs on new terms; one that is suspended or over stays as it is."""
    locked, application = common.lock_grant(grant.id)
    if locked.state in {GrantState.AWAITING_AGREEMENT, *LIVE}:
        put_order(locked, application, by=by, now=now)
    return locked


@transaction.atomic
def on_entry_bound(*, entry: Entry, by: Actor, now: datetime) -> int:
    """Order the running grants of an entry on the table it is bound to now. Returns how many left.

    Called right after a binding was made or changed, in the same transaction.
    """
    grants = Grant.objects.filter(entry=entry, state__in=LIVE).values_list("id", flat=True)
    return sum(_order_again(grant_id, now, "binding") for grant_id in list(grants.order_by("application_id")))


def issue_waiting(*, now: datetime, limit: int = 100) -> int:
    """Order the grants whose entry has been bound since; the scan behind :func:`on_entry_bound`."""
    waiting = Grant.objects.filter(state=GrantState.AWAITING_BINDING, entry__bindings__ended_at=None)
    ids = waiting.filter(entry__bindings__isnull=False).values_list("id", flat=True).distinct()[:limit]
    return sum(_order_again(grant_id, now, "binding") for grant_id in list(ids))


@transaction.atomic
def on_system_keys_changed(*, system: InformationSystem, by: Actor, now: datetime) -> int:
    """Issue the grants of a system again, so that its nodes know its present keys and no others.

    Called right after a key was added or revoked, in the same transaction. Returns how many were ordered.
    """
    grants = Grant.objects.filter(system=system, state__in=LIVE).values_list("id", flat=True)
    return sum(_order_again(grant_id, now, "keys") for grant_id in list(grants.order_by("application_id")))


reissue_grants = on_system_keys_changed


@transaction.atomic
def _order_again(grant_id: UUID, now: datetime, reason: str) -> bool:
    grant, application = common.lock_grant(grant_id)
    if grant.state not in LIVE:
        return False
    return put_order(grant, application, by=platform_actor(reason), now=now)


@transaction.atomic
def node_answered(*, grant_id: UUID, answer: str, problem: str, by: Actor, now: datetime) -> str:
    """Take a node's word on a grant. Returns why it changed nothing, or nothing.

    A word that comes too late, such as ``ready`` for a grant suspended since, changes nothing.
    """
    grant, application = common.lock_grant(grant_id)
    event = ANSWERS[answer]
    row = rules.GRANTS.find(grant.state, event)
    if row is None:
        return f"grant {grant.number} is {grant.state}, {answer} changes nothing"
    grant.state = row.next
    if event == Event.SUPPLY:
        _supplied(grant, application, by, now)
    elif event == Event.FAIL_SUPPLY:
        _failed(grant, application, problem, by, now)
    elif event == Event.CONFIRM_SUSPENSION:
        Suspension.objects.filter(grant=grant, lifted_at=None, confirmed_at=None).update(confirmed_at=now)
        common.record_grant("sharing:suspension:confirm", grant, by, now)
    else:
        grant.end_confirmed_at = grant.end_confirmed_at or now
        common.record_grant("sharing:grant:end-confirm", grant, by, now)
    grant.save(update_fields=["state", "problem", "supplied_at", "end_confirmed_at"])
    return ""


def _supplied(grant: Grant, application: Application, by: Actor, now: datetime) -> None:
    first, again = grant.supplied_at is None, application.state == ApplicationState.SHARING
    grant.problem = ""
    grant.supplied_at = grant.supplied_at or now
    application.state = rules.APPLICATIONS.step(application.state, Event.SUPPLY, label=application.number).next
    application.save(update_fields=["state"])
    if first and not hasattr(application, "return_flow"):  # a return has a clock of its own (条例 24)
        clocks.stop(subject_kind=common.SUBJECT, subject_id=application.id, period=rules.SUPPLY_PERIOD, by=by, now=now)
    common.record_grant("sharing:grant:supply", grant, by, now, first=first)
    tell(Moment.GRANT_SUPPLIED, grant, by=by, now=now, first=first)
    if not again:
        common.notify(
            grant.requester, Role.REQUESTER, gettext_noop("“{title}”已开通，可以使用了，授权编号{number}。"),
            f"/grants/{grant.number}", now, title=application.title, number=grant.number,
        )  # fmt: skip


def _failed(grant: Grant, application: Application, problem: str, by: Actor, now: datetime) -> None:
    grant.problem = problem[:500]
    application.state = rules.APPLICATIONS.step(application.state, Event.FAIL_SUPPLY, label=application.number).next
    application.save(update_fields=["state"])
    common.record_grant("sharing:grant:fail", grant, by, now, problem=grant.problem)
    common.notify(
        grant.provider, Role.STEWARD, gettext_noop("授权{number}开通失败：{problem}"),
        common.application_link(application), now, number=grant.number, problem=grant.problem[:200],
    )  # fmt: skip
