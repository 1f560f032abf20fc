"""The state machines of what the law asks after a share went wrong or came to its end (条例 27)."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from jutong.center.org.permissions import Permission as May
from jutong.center.process.sides import Side as On
from jutong.center.process.table import Machine, Row, Who
from jutong.center.remedy.enums import DisposalEvent as Dev
from jutong.center.remedy.enums import DisposalState as D
from jutong.center.remedy.enums import LedgerAskEvent as Lev
from jutong.center.remedy.enums import LedgerAskState as L
from jutong.center.remedy.enums import RectificationEvent as Rev
from jutong.center.remedy.enums import RectificationState as R
from jutong.center.remedy.enums import ServiceChangeEvent as Cev
from jutong.center.remedy.enums import ServiceChangeState as C

RECTIFY_PERIOD = "SLA-RECT"
"""条例 27(2) leaves the limit to the case; 10 working days where the order sets none."""
DISPOSE_PERIOD = "SLA-DISPOSE"
LEDGER_PERIOD = "SLA-LED"
CONSULT_PERIOD = "SLA-CONSULT"
FILING_PERIOD = "SLA-FIL"
LOG_PERIOD = "SLA-LOG"
"""条例 29(2): three years at least."""
LONGEST_LIMIT = 60
"""Working days a rectification may be given at most."""


class Guard(StrEnum):
    """What must hold besides state, side and post; each is checked by the action that takes the step."""

    ORDERING_SIDE = "ordering-side"
    NOT_SUSPENDER = "not-suspender"
    PAST_LIMIT = "past-limit"
    EVERY_COPY = "every-copy-accounted-for"
    NOT_REPORTER = "not-reporter"
    NODE_CONFIRMED = "node-confirmed-end"
    NO_ANSWER_SINCE = "no-answer-since-end"
    CONSULTED = "every-user-answered-or-period-over"
    DAY_CAME = "effective-day-came"


_RECTIFIER = (Who(On.REQUESTER, May.REMEDY_RECTIFICATION_ANSWER),)
_ORDERER = (Who(On.PROVIDER, May.REMEDY_RECTIFICATION_ORDER), Who(On.AUTHORITY, May.REMEDY_RECTIFICATION_ORDER))
_LIFTER = (Who(On.PROVIDER, May.SHARING_SUSPENSION_LIFT), Who(On.AUTHORITY, May.SHARING_SUSPENSION_LIFT))
_ENDER = (Who(On.PROVIDER, May.SHARING_GRANT_REVOKE), Who(On.AUTHORITY, May.SHARING_GRANT_REVOKE))
_SIDE = (Guard.ORDERING_SIDE,)

RECTIFICATION: tuple[Row, ...] = (
    Row(R.ORDERED, Rev.REPORT, _RECTIFIER, R.REPORTED, "条例 27(2)"),
    Row(R.ORDERED, Rev.REFUSED, _ORDERER, R.INSUFFICIENT, "条例 27(2)", (*_SIDE, Guard.PAST_LIMIT)),
    Row(R.ORDERED, Rev.WITHDRAW, _LIFTER, R.WITHDRAWN, "条例 27(2)", (*_SIDE, Guard.NOT_SUSPENDER)),
    Row(R.REPORTED, Rev.ACCEPT, _LIFTER, R.ACCEPTED, "条例 27(2)", (*_SIDE, Guard.NOT_SUSPENDER)),
    Row(R.REPORTED, Rev.REJECT, _ORDERER, R.INSUFFICIENT, "条例 27(2)", _SIDE),
    Row(R.INSUFFICIENT, Rev.ORDER_AGAIN, _ORDERER, R.ORDERED, "条例 27(2)", _SIDE),
    Row(R.INSUFFICIENT, Rev.TERMINATE, _ENDER, R.TERMINATED, "条例 27(2)", _SIDE),
)
"""``terminate`` stands only behind ``insufficient``: the law ends a share after a rectification that failed."""

_DISPOSER = (Who(On.REQUESTER, May.REMEDY_DISPOSAL_REPORT),)
_CHECKER = (Who(On.PROVIDER, May.REMEDY_DISPOSAL_VERIFY),)
_PLATFORM = (Who(On.PLATFORM),)

DISPOSAL: tuple[Row, ...] = (
    Row(D.OPEN, Dev.DECLARE, _DISPOSER, D.OPEN, "条例 27(1), 29(2)"),
    Row(D.OPEN, Dev.REPORT, _DISPOSER, D.REPORTED, "条例 27(1)", (Guard.EVERY_COPY,)),
    Row(D.REPORTED, Dev.RETURN, _CHECKER, D.OPEN, "条例 27(1)"),
    Row(D.REPORTED, Dev.VERIFY, _CHECKER, D.VERIFIED, "条例 27(1)", (Guard.NOT_REPORTER,)),
    Row(D.VERIFIED, Dev.PROVE, _PLATFORM, D.DISPOSED, "条例 27(1)", (Guard.NODE_CONFIRMED, Guard.NO_ANSWER_SINCE)),
    Row(D.VERIFIED, Dev.OBJECT, _PLATFORM, D.REPORTED, "条例 27(1)"),
)
"""Only the platform's own records say ``disposed``: the node confirmed the end and answered nothing since."""

LEDGER_ASK: tuple[Row, ...] = (
    Row(L.ASKED, Lev.FILL, (Who(On.REQUESTER, May.REMEDY_LEDGER_WRITE),), L.FILLED, "条例 29(2)"),
)

_PROPOSER = (Who(On.PROVIDER, May.REMEDY_CHANGE_PROPOSE),)
_CONSULTED = (Who(On.REQUESTER, May.REMEDY_CHANGE_CONSULT),)
_DECIDER = (Who(On.AUTHORITY, May.REMEDY_CHANGE_DECIDE),)

SERVICE_CHANGE: tuple[Row, ...] = (
    Row(C.CONSULTING, Cev.ANSWER, _CONSULTED, C.CONSULTING, "条例 27(3)"),
    Row(C.CONSULTING, Cev.FILE, _PROPOSER, C.FILED, "条例 27(3)", (Guard.CONSULTED,)),
    Row(C.CONSULTING, Cev.WITHDRAW, _PROPOSER, C.WITHDRAWN, "条例 27(3)"),
    Row(C.FILED, Cev.ACCEPT, _DECIDER, C.ACCEPTED, "条例 27(3)"),
    Row(C.FILED, Cev.REFUSE, _DECIDER, C.REFUSED, "条例 27(3)"),
    Row(C.ACCEPTED, Cev.APPLY, (Who(On.PLATFORM),), C.EFFECTIVE, "条例 27(3)", (Guard.DAY_CAME,)),
)
"""The platform writes ``effective`` with the very publication or binding the change was filed for, once."""

RECTIFICATIONS = Machine(_("整改单"), R, RECTIFICATION, "rectification", (R.ORDERED,))
DISPOSALS = Machine(_("处置单"), D, DISPOSAL, "disposal", (D.OPEN,))
LEDGER_ASKS = Machine(_("台账补记"), L, LEDGER_ASK, "ledger-ask", (L.ASKED,))
SERVICE_CHANGES = Machine(_("服务变更"), C, SERVICE_CHANGE, "service-change", (C.CONSULTING,))
