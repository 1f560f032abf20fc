"""From a finding to its end: whoever answers for the table puts it right, and only a check says that it is right."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jutong.center.org.permissions import Permission as May
from jutong.center.process.sides import Side as On
from jutong.center.process.table import Machine, Row, Who
from jutong.center.quality.enums import FindingEvent as Ev
from jutong.center.quality.enums import FindingGuard as Guard
from jutong.center.quality.enums import FindingState as S

PERIOD = "SLA-QLT"
"""Working days to put a finding right."""
OPEN = (S.OPEN, S.REPORTED)
"""States in which something has still to be done."""
LASTING = (*OPEN, S.ACCEPTED)
"""States of what a check still finds."""

_OWNER = (Who(On.PROVIDER, May.QUALITY_FINDING_ANSWER),)
_AUTHORITY = (Who(On.AUTHORITY, May.QUALITY_FINDING_ACCEPT),)
_PLATFORM = (Who(On.PLATFORM),)
_CLAUSE = "条例 18, 26"

FINDING: tuple[Row, ...] = (
    Row(S.OPEN, Ev.REPORT, _OWNER, S.REPORTED, _CLAUSE, (Guard.REASONED,)),
    Row(S.OPEN, Ev.PASS, _PLATFORM, S.CLOSED, _CLAUSE),
    Row(S.OPEN, Ev.ACCEPT, _AUTHORITY, S.ACCEPTED, _CLAUSE, (Guard.REASONED,)),
    Row(S.REPORTED, Ev.PASS, _PLATFORM, S.CLOSED, _CLAUSE),
    Row(S.REPORTED, Ev.FAIL, _PLATFORM, S.OPEN, _CLAUSE),
    Row(S.REPORTED, Ev.ACCEPT, _AUTHORITY, S.ACCEPTED, _CLAUSE, (Guard.REASONED,)),
    Row(S.ACCEPTED, Ev.PASS, _PLATFORM, S.CLOSED, _CLAUSE),
)
FINDINGS = Machine(_("质量问题"), S, FINDING, "finding", (S.OPEN,))
