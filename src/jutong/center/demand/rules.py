"""From a need to data: one table, which actions ask and tests, pages and the registry's guard are made from."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jutong.center.demand.enums import DemandEvent as Ev
from jutong.center.demand.enums import DemandGuard as Guard
from jutong.center.demand.enums import DemandState as D
from jutong.center.org.permissions import Permission as May
from jutong.center.process.sides import Side as On
from jutong.center.process.table import Machine, Row, Who

_REQUESTER = (Who(On.REQUESTER, May.DEMAND_DEMAND_STATE),)
_ANYONE = (Who(On.ANYONE, May.DEMAND_DEMAND_STATE),)
_AUTHORITY = (Who(On.AUTHORITY, May.DEMAND_DEMAND_ASSIGN),)
_MATCHER = (*_REQUESTER, *_AUTHORITY)
_HOLDER = (Who(On.HOLDER, May.DEMAND_DEMAND_ANSWER),)
_PLATFORM = (Who(On.PLATFORM),)
_DOCKING = "条例 20(1)"

OPEN = (
    D.STATED, D.MATCHED, D.ASSIGNED, D.HELD, D.NOT_HELD, D.NOT_COLLECTED, D.CATALOGUING, D.CATALOGED, D.APPLIED,
)  # fmt: skip
"""States in which something is still to be done."""
UNROUTED = (D.STATED, D.NOT_HELD, D.NOT_COLLECTED)
"""States in which the authority has to find the way on."""
FOUND = (D.MATCHED, D.CATALOGED, D.APPLIED, D.MET)
"""States in which an entry stands for the need."""
WITH_HOLDER = (D.ASSIGNED, D.HELD, D.CATALOGUING)
"""States in which a department was asked for the data."""
_SEEKING = (*UNROUTED, D.ASSIGNED)
_JOINABLE = tuple(state for state in OPEN)

DEMAND: tuple[Row, ...] = (
    Row(D.STATED, Ev.EDIT, _REQUESTER, D.STATED, _DOCKING),
    *(Row(state, Ev.JOIN, _ANYONE, state, _DOCKING, (Guard.NOT_JOINED,)) for state in _JOINABLE),
    *(Row(state, Ev.LEAVE, _ANYONE, state, _DOCKING, (Guard.HAS_JOINED,)) for state in _JOINABLE),
    *(Row(state, Ev.MATCH, _MATCHER, D.MATCHED, _DOCKING, (Guard.ENTRY_PUBLISHED,)) for state in _SEEKING),
    *(Row(state, Ev.UNMATCH, _REQUESTER, D.STATED, _DOCKING, (Guard.NOBODY_RELIES,)) for state in (
        D.MATCHED, D.CATALOGED,
    )),
    *(Row(state, Ev.MERGE, _AUTHORITY, D.MERGED, _DOCKING, (Guard.OTHER_OPEN,)) for state in (*_SEEKING, D.MATCHED)),
    *(Row(state, Ev.REFER, _AUTHORITY, D.STATED, _DOCKING, (Guard.HAS_SUPERIOR,)) for state in UNROUTED),
    *(Row(state, Ev.ASSIGN, _AUTHORITY, D.ASSIGNED, _DOCKING, (Guard.HOLDER_IS_OTHER,)) for state in _SEEKING),
    Row(D.ASSIGNED, Ev.ANSWER_HELD, _HOLDER, D.HELD, _DOCKING),
    Row(D.ASSIGNED, Ev.ANSWER_NOT_HELD, _HOLDER, D.NOT_HELD, _DOCKING),
    Row(D.ASSIGNED, Ev.ANSWER_NOT_COLLECTED, _HOLDER, D.NOT_COLLECTED, _DOCKING),
    *(Row(state, Ev.BEGIN_CATALOG, _HOLDER, D.CATALOGUING, "条例 13, 20(1)") for state in (D.HELD, D.CATALOGUING)),
    *(Row(state, Ev.CATALOG, (*_HOLDER, *_PLATFORM), D.CATALOGED, "条例 16, 20(1)", (
        Guard.ENTRY_PUBLISHED,
    )) for state in (D.HELD, D.CATALOGUING)),
    *(Row(state, Ev.APPLY, _ANYONE, D.APPLIED, "条例 20(2)", (
        Guard.HAS_JOINED, Guard.ENTRY_PUBLISHED,
    )) for state in (D.MATCHED, D.CATALOGED, D.APPLIED)),
    Row(D.MET, Ev.APPLY, _ANYONE, D.MET, "条例 20(2)", (Guard.HAS_JOINED, Guard.ENTRY_PUBLISHED)),
    Row(D.APPLIED, Ev.MEET, _PLATFORM, D.MET, "条例 22", (Guard.NODE_RECEIPT,)),
    *(Row(state, Ev.WITHDRAW, _REQUESTER, D.WITHDRAWN, _DOCKING) for state in OPEN),
    *(Row(state, Ev.CLOSE, _AUTHORITY, D.CLOSED, _DOCKING) for state in (*UNROUTED, D.ASSIGNED, D.MATCHED)),
)  # fmt: skip
"""A presumed holder answers for itself only; nobody's silence answers for it (条例 39(4))."""

DEMANDS = Machine(_("需求"), D, DEMAND, "demand", (D.STATED,))
ASSIGN_PERIOD, ANSWER_PERIOD, CATALOG_PERIOD = "SLA-DEM-ASG", "SLA-DEM-ANS", "SLA-DEM-CAT"
