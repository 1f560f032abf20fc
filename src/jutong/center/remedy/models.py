"""The tables of this app, each beside its kind."""

from __future__ import annotations

from jutong.center.remedy.change import Consultation, ServiceChange
from jutong.center.remedy.disposal import Certificate, Disposal, DisposalCopy
from jutong.center.remedy.ledger import LedgerAsk, LedgerEntry, LedgerInspection
from jutong.center.remedy.rectification import Rectification, RectificationReport

__all__ = [
    "Certificate",
    "Consultation",
    "Disposal",
    "DisposalCopy",
    "LedgerAsk",
    "LedgerEntry",
    "LedgerInspection",
    "Rectification",
    "RectificationReport",
    "ServiceChange",
]
