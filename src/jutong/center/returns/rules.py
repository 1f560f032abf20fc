"""回流 as one table (条例 24). The upper department confirms the terms; refusing is not among its steps."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jutong.center.org.permissions import Permission as May
from jutong.center.process.sides import Side as On
from jutong.center.process.table import Machine, Row, Who
from jutong.center.returns.enums import ReturnEvent as Ev
from jutong.center.returns.enums import ReturnGuard as Guard
from jutong.center.returns.enums import ReturnState as R

_LOWER = (Who(On.REQUESTER, May.SHARING_RETURN_ASK),)
_LOWER_HEAD = (Who(On.REQUESTER, May.SHARING_GRANT_REVOKE),)
"""Giving a grant up is the head's step, here as everywhere."""
_UPPER = (Who(On.PROVIDER, May.SHARING_RETURN_ANSWER),)
_PLATFORM = (Who(On.PLATFORM),)
_LAW = "条例 24"

OPEN = (R.ASKED, R.DOCKING, R.RETURNING, R.SHORT)
"""States in which something is still to be done."""
_RUNNING = (R.RETURNING, R.SHORT)

RETURN: tuple[Row, ...] = (
    Row(R.ASKED, Ev.CONFIRM, _UPPER, R.DOCKING, _LAW),
    Row(R.DOCKING, Ev.SUPPLY, _PLATFORM, R.RETURNING, "条例 22, 24", (Guard.NODE_RECEIPT,)),
    *(Row(state, Ev.COUNT, _UPPER, state, _LAW) for state in _RUNNING),
    *(Row(state, Ev.FIND_COMPLETE, _LOWER, R.RETURNING, _LAW, (Guard.COUNTED, Guard.NUMBERS_DECIDE))
      for state in _RUNNING),
    *(Row(state, Ev.FIND_SHORT, _LOWER, R.SHORT, _LAW, (Guard.COUNTED, Guard.NUMBERS_DECIDE)) for state in _RUNNING),
    Row(R.ASKED, Ev.WITHDRAW, _LOWER, R.WITHDRAWN, _LAW),
    Row(R.DOCKING, Ev.WITHDRAW, _LOWER_HEAD, R.WITHDRAWN, _LAW),
    Row(R.DOCKING, Ev.END, _PLATFORM, R.ENDED, "条例 24, 27(1)"),
    *(Row(state, Ev.END, (*_LOWER_HEAD, *_PLATFORM), R.ENDED, "条例 24, 27(1)") for state in _RUNNING),
)  # fmt: skip

RETURNS = Machine(_("回流"), R, RETURN, "return-flow", (R.ASKED,))
PERIOD = "SLA-RET"
"""20 working days from confirming the terms to data at work."""
