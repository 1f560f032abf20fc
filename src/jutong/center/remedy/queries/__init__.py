"""What an actor may read of remedies; everybody else is told there is none."""

from __future__ import annotations

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
    "DisposalView",
    "Gap",
    "LedgerView",
    "RectificationView",
    "ask",
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
]
