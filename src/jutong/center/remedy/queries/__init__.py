"""What an actor may read of remedies; everybody else is told there is none."""

from __future__ import annotations

from jutong.center.remedy.queries.disposals import DisposalView, disposal, disposal_by_grant, disposals, overdue
from jutong.center.remedy.queries.rectifications import (
    RectificationView,
    open_rectification,
    rectification,
    rectifications,
)

__all__ = [
    "DisposalView",
    "RectificationView",
    "disposal",
    "disposal_by_grant",
    "disposals",
    "open_rectification",
    "overdue",
    "rectification",
    "rectifications",
]
