"""What must hold before an entry is taken down, and taking it down (条例 16, 27(3))."""

from __future__ import annotations

from datetime import datetime

from jutong.center.catalog.enums import FilingKind
from jutong.center.catalog.errors import EntryInUseError, RepliesOwedError
from jutong.center.catalog.life import Filing
from jutong.center.catalog.models import Binding, Entry
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.sharing.actions import revoke_grant, suspend_grant
from jutong.center.sharing.enums import ApplicationState, GrantState
from jutong.center.sharing.models import Application, Grant
from jutong.kernel.i18n import gettext_noop

OWED = (ApplicationState.SUBMITTED, ApplicationState.SUPPLEMENTING, ApplicationState.REPLY_PREPARED)
"""States of an application in which the department owes its reply (条例 21)."""
_ENDED = gettext_noop("目录已下线")


def users_of(entry: Entry) -> dict[str, Organisation]:
    """Return the departments that hold a grant on an entry that has not ended, by their credit code."""
    running = Grant.objects.filter(entry=entry, ended_at=None).select_related("requester")
    return {grant.requester.code: grant.requester for grant in running.order_by("requester__code")}


def accepted_filing(entry: Entry) -> Filing | None:
    """Return the newest filing of an end the authority accepted, or None."""
    return entry.filings.filter(accepted=True, kind=FilingKind.END).select_related("filed_by").first()


def unheard(entry: Entry) -> list[str]:
    """Return the short names of the departments that use an entry and that no accepted filing says were consulted."""
    filing = accepted_filing(entry)
    consulted = {row["code"] for row in filing.consulted} if filing else set()
    return [found.short_name for code, found in users_of(entry).items() if code not in consulted]


def require_unused(entry: Entry) -> None:
    """Let an entry go down only where nobody is left without notice.

    Raises:
        RepliesOwedError: while applications wait for their reply.
        EntryInUseError: while grants run of departments that no accepted filing says were consulted.
    """
    owed = Application.objects.filter(entry=entry, state__in=OWED).count()
    if owed:
        raise RepliesOwedError(name=entry.published_name, count=owed)
    left = unheard(entry)
    if left:
        count = Grant.objects.filter(entry=entry, ended_at=None).count()
        raise EntryInUseError(name=entry.published_name, count=count, departments="、".join(left))


def end_service(entry: Entry, by: Actor, now: datetime) -> int:
    """End the grants that an accepted filing speaks of, and the binding. Returns how many grants."""
    grants = list(Grant.objects.filter(entry=entry, ended_at=None).order_by("id"))
    for grant in grants:
        running = (
            grant if grant.state == GrantState.SUSPENDED else suspend_grant(grant=grant, reason=_ENDED, by=by, now=now)
        )
        revoke_grant(grant=running, reason=_ENDED, by=by, now=now)
    Binding.objects.filter(entry=entry, ended_at=None).update(ended_at=now)
    entry.is_bound = False
    return len(grants)
