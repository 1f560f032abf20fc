"""From a finding to its end (条例 39-41): heard before judged, put right within a limit, handed on only after that."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jutong.center.org.permissions import Permission as May
from jutong.center.process.sides import Side as On
from jutong.center.process.table import Machine, Row, Who
from jutong.center.supervision.enums import CaseEvent as Ev
from jutong.center.supervision.enums import CaseGuard as Guard
from jutong.center.supervision.enums import CaseState as V

JUDGE_PERIOD = "SLA-VIO"
"""Working days for whoever judges, from the offer and again from a report."""
RECTIFY_PERIOD = "SLA-RECT"
HEARING_DAYS = 5
"""Working days in which whoever it is about can be waited for; the law says none."""
LONGEST_LIMIT = 60
"""Most working days to put a thing right."""
JUDGING = (V.OFFERED, V.REPORTED)
"""States in which the judge has to act."""
ANSWERING = (V.OFFERED, V.NOTICED)
"""States in which whoever it is about can act."""
OPEN = (V.FOUND, V.OFFERED, V.NOTICED, V.REPORTED)

_CONCERNED = (Who(On.CONCERNED, May.SUPERVISION_VIOLATION_ANSWER),)
_JUDGE = (
    Who(On.AUTHORITY, May.SUPERVISION_VIOLATION_DECIDE),
    Who(On.SUPERIOR, May.SUPERVISION_VIOLATION_DECIDE),
    Who(On.GOVERNMENT, May.SUPERVISION_VIOLATION_DECIDE),
)
_CLAUSE = "条例 39, 40, 41"

CASE: tuple[Row, ...] = (
    Row(V.FOUND, Ev.OFFER, (Who(On.PLATFORM),), V.OFFERED, _CLAUSE, (Guard.JUDGE_KNOWN,)),
    Row(V.OFFERED, Ev.STATE, _CONCERNED, V.OFFERED, _CLAUSE),
    Row(V.OFFERED, Ev.DISMISS, _JUDGE, V.DISMISSED, _CLAUSE, (Guard.REASONED,)),
    Row(V.OFFERED, Ev.NOTICE, _JUDGE, V.NOTICED, _CLAUSE, (Guard.HEARD, Guard.REASONED, Guard.LIMIT_SET)),
    Row(V.NOTICED, Ev.REPORT, _CONCERNED, V.REPORTED, _CLAUSE),
    Row(V.NOTICED, Ev.REFER, _JUDGE, V.REFERRED, _CLAUSE, (Guard.LIMIT_OVER, Guard.REASONED)),
    Row(V.REPORTED, Ev.ACCEPT, _JUDGE, V.RECTIFIED, _CLAUSE),
    Row(V.REPORTED, Ev.REJECT, _JUDGE, V.NOTICED, _CLAUSE, (Guard.REASONED, Guard.LIMIT_SET)),
    Row(V.REPORTED, Ev.REFER, _JUDGE, V.REFERRED, _CLAUSE, (Guard.REASONED,)),
)
CASES = Machine(_("违规"), V, CASE, "violation", (V.FOUND,))
