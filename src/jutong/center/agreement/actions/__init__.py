"""Every write of agreements. Each is one transaction with its audit event inside.

Rows are locked in one order everywhere: application, grant, agreement.
"""

from __future__ import annotations

from jutong.center.agreement.actions.changing import discard_change, propose_change
from jutong.center.agreement.actions.drafting import draft_agreement, edit_terms, hand_back, send
from jutong.center.agreement.actions.signing import sign

__all__ = [
    "discard_change",
    "draft_agreement",
    "edit_terms",
    "hand_back",
    "propose_change",
    "send",
    "sign",
]
