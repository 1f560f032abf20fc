"""What an actor may read of remedies; everybody else is told there is none."""

from __future__ import annotations

from jutong.center.remedy.queries.changes import (
    ConsultationRow,
    ServiceChangeView,
    broken_services,
    service_change,
    service_changes,
)
from jutong.center.remedy.queries.disposals import DisposalView, disposal, disposal_by_grant, disposals, overdue
from jutong.center.remedy.queries.ledgers import AskView, Gap, LedgerView, ask, entries, entry, gaps, ledger, ledgers
from jutong.center.remedy.queries.rectifications import (
    RectificationView,
    open_rectification,
    rectification,
    rectifications,
)

__all__ = [
    "AskView",
    "ConsultationRow",
    "DisposalView",
    "Gap",
    "LedgerView",
    "RectificationView",
    "ServiceChangeView",
    "ask",
    "broken_services",
    "disposal",
    "disposal_by_grant",
    "disposals",
    "entries",
    "entry",
    "gaps",
    "ledger",
    "ledgers",
    "open_rectification",
    "overdue",
    "rectification",
    "rectifications",
    "service_change",
    "service_changes",
]
