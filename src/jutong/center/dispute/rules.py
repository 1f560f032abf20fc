"""The three stages of 条例 28 as one table: 协商, 协调 by the lowest common authority, 决定 by its government."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jutong.center.dispute.enums import DisputeEvent as Ev
from jutong.center.dispute.enums import DisputeGuard as Guard
from jutong.center.dispute.enums import DisputeState as S
from jutong.center.org.permissions import Permission as May
from jutong.center.process.sides import Side as On
from jutong.center.process.table import Machine, Row, Who

_CLAIMANT = (Who(On.CLAIMANT, May.DISPUTE_CASE_RAISE), Who(On.CLAIMANT, May.DISPUTE_CASE_MEDIATE))
_RESPONDENT = (Who(On.RESPONDENT, May.DISPUTE_CASE_RAISE), Who(On.RESPONDENT, May.DISPUTE_CASE_MEDIATE))
_PARTIES = (*_CLAIMANT, *_RESPONDENT)
_COORDINATOR = (Who(On.AUTHORITY, May.DISPUTE_CASE_MEDIATE),)
_GOVERNMENT = (Who(On.GOVERNMENT, May.DISPUTE_CASE_DECIDE),)
_PLATFORM = (Who(On.PLATFORM),)
_LAW = "条例 28"

OPEN = (S.NEGOTIATING, S.COORDINATING, S.REFERRED)
"""States in which nothing is agreed or decided yet."""
_BEFORE_GOVERNMENT = (S.NEGOTIATING, S.COORDINATING)

DISPUTE: tuple[Row, ...] = (
    *(Row(state, Ev.STATE_VIEW, _PARTIES, state, _LAW) for state in OPEN),
    *(Row(state, Ev.ADD_EVIDENCE, (*_PARTIES, *_COORDINATOR), state, _LAW) for state in OPEN),
    Row(S.NEGOTIATING, Ev.PROPOSE, _PARTIES, S.NEGOTIATING, _LAW),
    Row(S.COORDINATING, Ev.PROPOSE, _COORDINATOR, S.COORDINATING, _LAW),
    *(Row(state, Ev.ACCEPT, _PARTIES, state, _LAW, (
        Guard.OTHER_PROPOSED, Guard.NOT_ANSWERED_YET,
    )) for state in _BEFORE_GOVERNMENT),
    *(Row(state, Ev.REJECT, _PARTIES, state, _LAW, (
        Guard.OTHER_PROPOSED, Guard.NOT_ANSWERED_YET,
    )) for state in _BEFORE_GOVERNMENT),
    *(Row(state, Ev.SETTLE, _PLATFORM, S.SETTLED, _LAW, (Guard.ALL_ACCEPTED,)) for state in _BEFORE_GOVERNMENT),
    Row(S.NEGOTIATING, Ev.ESCALATE, _PARTIES, S.COORDINATING, _LAW, (Guard.NEGOTIATED, Guard.COORDINATOR_EXISTS)),
    Row(S.NEGOTIATING, Ev.REFER, _PARTIES, S.REFERRED, _LAW, (Guard.NEGOTIATED,)),
    Row(S.COORDINATING, Ev.REFER, (*_COORDINATOR, *_PARTIES), S.REFERRED, _LAW, (Guard.COORDINATION_OVER,)),
    Row(S.REFERRED, Ev.DECIDE, _GOVERNMENT, S.DECIDED, _LAW, (Guard.NOT_MEDIATOR,)),
    *(Row(state, Ev.EXECUTE, _CLAIMANT, S.EXECUTED, _LAW) for state in (S.SETTLED, S.DECIDED)),
    *(Row(state, Ev.WITHDRAW, _CLAIMANT, S.WITHDRAWN, _LAW) for state in OPEN),
)  # fmt: skip
"""The claimant says that what was agreed or decided is done: whoever was denied knows best."""

DISPUTES = Machine(_("争议"), S, DISPUTE, "dispute", (S.NEGOTIATING,))
NEGOTIATE, COORDINATE, GOVERN = "SLA-DISP-NEG", "SLA-DISP-COO", "SLA-DISP-GOV"
EXECUTION_DAYS = 10
"""Working days to execute where the agreement or decision names no day; the law gives no number."""
