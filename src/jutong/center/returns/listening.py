"""What happens to the grant of a return: data comes, or no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jutong.center.clocks import actions as clocks
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.process.moments import Moment, listen
from jutong.center.returns.actions import _common as common
from jutong.center.returns.enums import ReturnEvent, ReturnState
from jutong.center.returns.models import ReturnFlow
from jutong.center.returns.rules import PERIOD, RETURNS
from jutong.center.sharing.models import Grant
from jutong.kernel.i18n import gettext_noop


def begin() -> None:
    """Hear of supplies and ends; called when the app is ready."""
    listen(Moment.GRANT_SUPPLIED, "returns", grant_supplied)
    listen(Moment.GRANT_ENDED, "returns", grant_ended)


def _locked(grant: Grant, *states: ReturnState) -> ReturnFlow | None:
    rows = ReturnFlow.objects.select_for_update(of=("self",)).select_related("requester", "provider", "version")
    return rows.filter(application_id=grant.application_id, state__in=states).first()


def grant_supplied(grant: Grant, *, by: Actor, now: datetime, **_more: Any) -> None:
    """Let data flow: the clock of the return stops only on the node's receipt."""
    flow = _locked(grant, ReturnState.DOCKING)
    if flow is None:
        return
    flow.state = RETURNS.step(flow.state, ReturnEvent.SUPPLY, label=flow.number).next
    flow.supplied_at = now
    flow.save(update_fields=["state", "supplied_at"])
    clocks.stop(subject_kind=common.SUBJECT, subject_id=flow.id, period=PERIOD, by=by, now=now)
    common.record("supply", flow, by, now, grant=grant.number)
    text = gettext_noop("数据回流{number}“{title}”已开通，可以取数了。")
    common.tell(flow.requester, None, text, flow, now)


def grant_ended(grant: Grant, *, by: Actor, now: datetime, **_more: Any) -> None:
    """End a return whose grant ran out or was stopped for good."""
    flow = _locked(grant, ReturnState.DOCKING, ReturnState.RETURNING, ReturnState.SHORT)
    if flow is None:
        return
    flow.state = RETURNS.step(flow.state, ReturnEvent.END, label=flow.number).next
    flow.ended_at = now
    flow.save(update_fields=["state", "ended_at"])
    clocks.cancel(subject_kind=common.SUBJECT, subject_id=flow.id, by=by, now=now)
    common.record("end", flow, platform_actor("grant"), now, grant=grant.number)
