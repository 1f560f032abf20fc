"""The state machine of corrections: one table, which actions ask and tests are generated from.

Business need not wait for any of it: a mark says that a row is in doubt, it does not hold the row back (51号 15).
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from jutong.center.correction.enums import CorrectionEvent as Ev
from jutong.center.correction.enums import CorrectionState as S
from jutong.center.org.permissions import Permission as May
from jutong.center.process.sides import Side as On
from jutong.center.process.table import Machine, Row, Who

ANSWER_PERIOD = "SLA-COR"
"""条例 26: ten working days to verify, correct and feed back."""
CONFIRM_PERIOD = "SLA-COR-CFM"
"""Working days in which whoever was told says that it arrived; the law gives no number."""


class Guard(StrEnum):
    """What must hold besides state, side and post; each is checked by the action that takes the step."""

    NOT_RAISER = "not-raiser"
    VALUES_GIVEN = "values-given"
    REASON_GIVEN = "reason-given"
    NOT_CONFIRMED_YET = "not-confirmed-yet"
    RECEIVED_IT = "received-it"
    NOT_WHOLLY_UPHELD = "not-wholly-upheld"
    ALL_CONFIRMED = "all-confirmed"
    MARK_FAILED = "mark-failed"
    NODE_RECEIPT = "node-receipt"


_RAISER = (Who(On.REQUESTER, May.CORRECTION_CASE_RAISE),)
_RESPONSIBLE = (Who(On.PROVIDER, May.CORRECTION_CASE_ANSWER),)
_CONFIRMER = (Who(On.REQUESTER, May.CORRECTION_CASE_CONFIRM),)
_RECIPIENT = (Who(On.RECIPIENT, May.CORRECTION_CASE_CONFIRM), Who(On.NODE))
_DISPUTER = (Who(On.REQUESTER, May.DISPUTE_CASE_RAISE),)
_NODE = (Who(On.NODE),)
_PLATFORM = (Who(On.PLATFORM),)

OPEN = (S.RAISED, S.VERIFYING, S.ANSWERED, S.TRAVELLING, S.DISPUTED)
"""States in which a case is not over."""
DOUBTED = (S.RAISED, S.VERIFYING, S.DISPUTED)
"""States in which every reader is told that the row is in doubt."""

CORRECTION: tuple[Row, ...] = (
    Row(S.RAISED, Ev.ACCEPT, _RESPONSIBLE, S.VERIFYING, "条例 26", (Guard.NOT_RAISER,)),
    *(Row(state, Ev.WITHDRAW, _RAISER, S.WITHDRAWN, "条例 26") for state in (S.RAISED, S.VERIFYING)),
    Row(S.VERIFYING, Ev.UPHOLD, _RESPONSIBLE, S.TRAVELLING, "条例 26", (Guard.NOT_RAISER, Guard.VALUES_GIVEN)),
    Row(S.VERIFYING, Ev.REFUSE, _RESPONSIBLE, S.ANSWERED, "条例 26", (Guard.NOT_RAISER, Guard.REASON_GIVEN)),
    Row(S.ANSWERED, Ev.CONFIRM, _CONFIRMER, S.CLOSED, "条例 26"),
    Row(S.TRAVELLING, Ev.CONFIRM, _CONFIRMER, S.TRAVELLING, "条例 26", (Guard.NOT_CONFIRMED_YET,)),
    Row(S.TRAVELLING, Ev.RECEIVE, _RECIPIENT, S.TRAVELLING, "条例 26", (
        Guard.RECEIVED_IT, Guard.NOT_CONFIRMED_YET,
    )),
    Row(S.TRAVELLING, Ev.CLOSE, _PLATFORM, S.CLOSED, "条例 26", (Guard.ALL_CONFIRMED,)),
    Row(S.ANSWERED, Ev.DISPUTE, _DISPUTER, S.DISPUTED, "条例 26, 28"),
    Row(S.TRAVELLING, Ev.DISPUTE, _DISPUTER, S.DISPUTED, "条例 26, 28", (Guard.NOT_WHOLLY_UPHELD,)),
    Row(S.DISPUTED, Ev.REOPEN, _PLATFORM, S.VERIFYING, "条例 28"),
    Row(S.DISPUTED, Ev.SETTLE, _PLATFORM, S.CLOSED, "条例 28"),
    *(Row(state, Ev.RETRY, _RESPONSIBLE, state, "条例 26", (Guard.MARK_FAILED,)) for state in S),
    *(Row(state, Ev.MARK, _NODE, state, "条例 26", (Guard.NODE_RECEIPT,)) for state in S),
)  # fmt: skip
"""Corrections. Lateness changes no state: it is recorded as a violation (条例 39(6))."""

CORRECTIONS = Machine(_("校核申请"), S, CORRECTION, "correction", (S.RAISED,))
