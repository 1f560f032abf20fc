"""The state machines of complaints and of a person's own inquiries: tables, which actions ask."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from jutong.center.complaint.enums import ComplaintEvent as Ev
from jutong.center.complaint.enums import ComplaintState as S
from jutong.center.complaint.enums import InquiryEvent as Ask
from jutong.center.complaint.enums import InquiryState as I
from jutong.center.org.permissions import Permission as May
from jutong.center.process.sides import Side as On
from jutong.center.process.table import Machine, Row, Who

HANDLE_PERIOD = "SLA-CMP"
"""条例 37 says "promptly"; the number is a default."""
TELL_PERIOD = "SLA-WHO"
"""个人信息保护法 45, 50 says "promptly"; the number is a default."""


class Guard(StrEnum):
    """What must hold besides state, side and post; each is checked by the action that takes the step."""

    OTHER_DEPARTMENT = "other-department"
    TEXT_GIVEN = "text-given"
    NOT_ANSWERER = "not-answerer"
    ALL_NODES = "all-nodes"
    NODE_RECEIPT = "node-receipt"
    SOME_NODE_SILENT = "some-node-silent"
    PAST_END = "past-end"


_RECEIVER = (Who(On.RECEIVER, May.COMPLAINT_CASE_HANDLE),)
_CORRECTOR = (Who(On.RECEIVER, May.CORRECTION_CASE_RAISE),)
_CITIZEN = (Who(On.CITIZEN),)
_CLERK = (Who(On.RECEIVER, May.COMPLAINT_INQUIRY_CHECK),)
_NODE = (Who(On.NODE),)
_PLATFORM = (Who(On.PLATFORM),)

COMPLAINT: tuple[Row, ...] = (
    Row(S.RECEIVED, Ev.ACCEPT, _RECEIVER, S.HANDLING, "条例 37"),
    Row(S.RECEIVED, Ev.TRANSFER, _RECEIVER, S.RECEIVED, "条例 37", (Guard.OTHER_DEPARTMENT,)),
    *(Row(state, Ev.CORRECT, _CORRECTOR, state, "条例 26, 37") for state in (S.HANDLING, S.REVIEWING)),
    Row(S.HANDLING, Ev.ANSWER, _RECEIVER, S.ANSWERED, "条例 37", (Guard.TEXT_GIVEN,)),
    Row(S.ANSWERED, Ev.SETTLE, _CITIZEN, S.CLOSED, "条例 37"),
    Row(S.ANSWERED, Ev.REVIEW, _CITIZEN, S.REVIEWING, "条例 37"),
    Row(S.REVIEWING, Ev.DECIDE, _RECEIVER, S.CLOSED, "条例 37", (Guard.TEXT_GIVEN, Guard.NOT_ANSWERER)),
    *(Row(state, Ev.WITHDRAW, _CITIZEN, S.WITHDRAWN, "条例 37") for state in (S.RECEIVED, S.HANDLING)),
)  # fmt: skip
"""Complaints. Silence answers nothing: a late answer is recorded, never replaced."""

INQUIRY: tuple[Row, ...] = (
    Row(I.TRACING, Ask.REPORT, _NODE, I.TRACING, "个人信息保护法 45", (Guard.NODE_RECEIPT,)),
    Row(I.READY, Ask.REPORT, _NODE, I.READY, "个人信息保护法 45", (Guard.NODE_RECEIPT,)),
    Row(I.TRACING, Ask.COMPLETE, _PLATFORM, I.READY, "个人信息保护法 45", (Guard.ALL_NODES,)),
    Row(I.TRACING, Ask.DELIVER, _CLERK, I.READY, "个人信息保护法 45", (Guard.SOME_NODE_SILENT,)),
    *(Row(state, Ask.RETRY, _CLERK, state, "个人信息保护法 45", (Guard.SOME_NODE_SILENT,)) for state in (
        I.TRACING, I.READY,
    )),
    *(Row(state, Ask.RENEW, _CLERK, state, "个人信息保护法 45") for state in (I.TRACING, I.READY)),
    *(Row(state, Ask.CLOSE, _PLATFORM, I.CLOSED, "个人信息保护法 47", (Guard.PAST_END,)) for state in (
        I.TRACING, I.READY,
    )),
)  # fmt: skip
"""Inquiries. What was shown at the counter is erased when the inquiry ends."""

COMPLAINTS = Machine(_("投诉举报"), S, COMPLAINT, "complaint", (S.RECEIVED,))
INQUIRIES = Machine(_("本人查询"), I, INQUIRY, "inquiry", (I.TRACING,))
MACHINES = (COMPLAINTS, INQUIRIES)
