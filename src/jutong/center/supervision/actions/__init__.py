"""What can be done about violations."""

from __future__ import annotations

from jutong.center.supervision.actions.finding import adopt, offer_waiting, record, record_breaches
from jutong.center.supervision.actions.judging import accept, dismiss, notice, refer, reject, report, state
from jutong.center.supervision.actions.leaking import Leak, report_leak
from jutong.center.supervision.actions.reporting import join_platform, register_platform, report_violation

__all__ = [
    "Leak",
    "accept",
    "adopt",
    "dismiss",
    "join_platform",
    "notice",
    "offer_waiting",
    "record",
    "record_breaches",
    "refer",
    "register_platform",
    "reject",
    "report",
    "report_leak",
    "report_violation",
    "state",
]
