"""Reads the listings departments and portals keep of their data, whatever the format and however they are saved.

``read`` opens a file and returns its sheets; nothing in here knows the catalog or the database.
"""

from __future__ import annotations

from jutong.center.intake.reading.limits import Limits, shipped_limits
from jutong.center.intake.reading.listing import Format, Listing, Remark, RemarkKind, Sheet, SourceRow, letters
from jutong.center.intake.reading.reader import read, read_bytes

__all__ = [
    "Format",
    "Limits",
    "Listing",
    "Remark",
    "RemarkKind",
    "Sheet",
    "SourceRow",
    "letters",
    "read",
    "read_bytes",
    "shipped_limits",
]
