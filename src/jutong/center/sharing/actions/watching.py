"""Messages, reminders and try-it tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.catalog.models import Entry
from jutong.center.fleet import actions as fleet
from jutong.center.fleet import queries as fleet_queries
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.sharing import rules
from jutong.center.sharing.actions import _common as common
from jutong.center.sharing.enums import ApplicationState, Event, GrantState, Side
from jutong.center.sharing.errors import GrantExpiredError, GrantNotUsableError, RemindedError, SystemWithoutKeyError
from jutong.center.sharing.models import Application, Grant, Message
from jutong.center.sharing.parties import sides_of
from jutong.contracts.envelope import Envelope
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class TryTicket:
    """What the browser of the person who tries needs: where the gateway is and the sealed ticket."""

    gateway_url: str
    ticket: Envelope


@transaction.atomic
def message(*, application: Application, text: str, by: Actor, now: datetime) -> Message:
    """Write the other side a message on an application, 1 to 1000 characters."""
    locked, _row = common.begin(application, Event.MESSAGE, by)
    clean = common.require_text("text", text, limit=1000, message=_("请写留言"))
    sent = Message.objects.create(
        application=locked,
        by_id=common.user_id(by),
        organisation_id=by.organisation_id or org.NOBODY,
        text=clean,
        at=now,
    )
    common.record("sharing:message:send", locked, by, now)
    asks = common.is_on(Side.REQUESTER, locked, by)
    other, role = (locked.provider, Role.STEWARD) if asks else (locked.requester, Role.REQUESTER)
    common.notify(
        other, role, gettext_noop("{who}就“{title}”留言。"), common.application_link(locked), now,
        who=by.organisation_name, title=locked.title,
    )  # fmt: skip
    return sent


@transaction.atomic
def remind(*, application: Application, by: Actor, now: datetime) -> Application:
    """Remind whoever must act now (催一下), once a day.

    Raises:
        RemindedError: if somebody reminded today.
    """
    locked, _row = common.begin(application, Event.REMIND, by)
    if locked.reminded_at is not None and civil_date(locked.reminded_at) == civil_date(now):
        raise RemindedError
    locked.reminded_at = now
    locked.save(update_fields=["reminded_at"])
    role = Role.OFFICE_HEAD if locked.state == ApplicationState.REPLY_PREPARED else Role.STEWARD
    common.record("sharing:reminder:send", locked, by, now)
    common.notify(
        locked.provider, role, gettext_noop("{who}催办：{title}"), common.application_link(locked), now,
        who=by.organisation_name, title=locked.title,
    )  # fmt: skip
    return locked


@transaction.atomic
def try_grant(*, grant: Grant, by: Actor, now: datetime) -> TryTicket:
    """Give a person of the requester a ticket to try an active grant once, in the browser, within minutes.

    Raises:
        GrantNotUsableError: if the grant is not in use.
        GrantExpiredError: if its time is over.
        SystemWithoutKeyError: if the system has no key, so that no node would answer it.
    """
    locked, application = common.lock_grant(grant.id)
    if not sides_of(application, by):
        raise NotFoundError(what=locked.number)
    if rules.GRANTS.find(locked.state, Event.TRY) is None:
        raise GrantNotUsableError(number=locked.number, state=locked.get_state_display())
    common.admit(rules.GRANTS, locked.state, Event.TRY, application, by)
    if locked.valid_until <= now:
        raise GrantExpiredError(number=locked.number, until=application.valid_until)
    if not locked.system.keys.filter(revoked_at=None).exists():
        raise SystemWithoutKeyError(system=locked.system.name)
    node = fleet_queries.node_of_grant(locked.id)
    assert node is not None  # noqa: S101 - an active grant has been ordered
    ticket = fleet.issue_ticket(node=node, grant_id=locked.id, system_id=locked.system_id, by=by, now=now)
    return TryTicket(gateway_url=node.gateway_url, ticket=ticket)


def count_uses() -> int:
    """Write on each entry how many of its grants are in use, a figure that search sorts by. Returns how many changed.

    Derived from the grants by a scan and not by each step, because an entry is locked while it is bound.
    """
    using = Grant.objects.filter(entry=OuterRef("pk"), state=GrantState.ACTIVE).order_by().values("entry")
    now_used = Coalesce(Subquery(using.annotate(n=Count("pk")).values("n")), 0)
    stale = Entry.objects.annotate(now_used=now_used).exclude(use_count=F("now_used"))
    rows = list(stale.filter(Exists(Grant.objects.filter(entry=OuterRef("pk")))).values_list("pk", "now_used")[:500])
    for entry_id, count in rows:
        Entry.objects.filter(pk=entry_id).update(use_count=count)
    return len(rows)
