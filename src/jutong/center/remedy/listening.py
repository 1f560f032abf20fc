"""What this app hears of other processes: a grant's end opens its disposal, a rectification keeps it stopped."""

from __future__ import annotations

from datetime import datetime

from jutong.center.org.actor import Actor
from jutong.center.process.gates import Gate, keep
from jutong.center.process.moments import Moment, listen
from jutong.center.remedy.actions.change import consult_newcomer, let_stop, let_through, on_filing_decided
from jutong.center.remedy.actions.disposal import open_disposal
from jutong.center.remedy.actions.ledger import kept_copies, prefill_scenario
from jutong.center.remedy.enums import RectificationState
from jutong.center.remedy.errors import RectificationOpenError
from jutong.center.remedy.models import Rectification
from jutong.center.sharing.models import Grant

_UNDECIDED = (RectificationState.ORDERED, RectificationState.REPORTED, RectificationState.INSUFFICIENT)


def connect() -> None:
    """Listen; called when the app is ready."""
    listen(Moment.GRANT_LIFTED, "remedy", on_lifted)
    listen(Moment.GRANT_ENDED, "remedy", on_ended)
    listen(Moment.GRANT_SUPPLIED, "remedy", on_supplied)
    listen(Moment.FILING_DECIDED, "remedy", on_filing_decided)
    keep(Gate.SERVICE_CHANGE, "remedy", let_through)
    keep(Gate.SERVICE_STOP, "remedy", let_stop)


def on_supplied(grant: Grant, *, by: Actor, now: datetime, first: bool) -> None:
    """Begin the usage ledger of a grant that is usable for the first time."""
    if first:
        prefill_scenario(grant, now=now)
        consult_newcomer(grant, by=by, now=now)


def on_lifted(grant: Grant, *, by: Actor, now: datetime) -> None:
    """Keep a grant suspended while its rectification is open.

    Raises:
        RectificationOpenError: naming the rectification.
    """
    _refuse_open(grant)


def on_ended(grant: Grant, *, by: Actor, now: datetime, reason: str) -> None:
    """Open the disposal; a provider or authority ends a grant under rectification only after it failed.

    Raises:
        RectificationOpenError: naming the rectification.
    """
    if not by.is_platform and by.organisation_id != grant.requester_id:
        _refuse_open(grant)
    open_disposal(grant, copies=kept_copies(grant), reason=reason, by=by, now=now)


def _refuse_open(grant: Grant) -> None:
    found = Rectification.objects.filter(grant=grant, state__in=_UNDECIDED).first()
    if found is not None:
        state = RectificationState(found.state).label
        raise RectificationOpenError(grant=grant.number, number=found.number, state=state)
