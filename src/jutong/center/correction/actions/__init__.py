"""The steps of a correction (条例 26). Each is one transaction with its audit event."""

from jutong.center.correction.actions.answering import accept, dispute, dispute_over, disputed, refuse, uphold
from jutong.center.correction.actions.marking import retry_mark
from jutong.center.correction.actions.materials import File
from jutong.center.correction.actions.raising import (
    About,
    Claim,
    doubtable,
    key_names,
    raise_correction,
    withdraw,
)
from jutong.center.correction.actions.receiving import confirm, fetched, marked, receive
from jutong.center.correction.actions.revealing import reveal, reveal_material
from jutong.center.correction.actions.tracing import traced

__all__ = [
    "About",
    "Claim",
    "File",
    "accept",
    "confirm",
    "dispute",
    "dispute_over",
    "disputed",
    "doubtable",
    "fetched",
    "key_names",
    "marked",
    "raise_correction",
    "receive",
    "refuse",
    "retry_mark",
    "reveal",
    "reveal_material",
    "traced",
    "uphold",
    "withdraw",
]
