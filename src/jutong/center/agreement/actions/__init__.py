"""Every write of agreements. Each is one transaction with its audit event inside.

Rows are locked in one order everywhere: application, grant, agreement.
"""

from __future__ import annotations

from jutong.center.agreement.actions.breaching import answer_breach, judge_breach
from jutong.center.agreement.actions.changing import discard_change, propose_change
from jutong.center.agreement.actions.consenting import consent_and_sign
from jutong.center.agreement.actions.drafting import draft_agreement, edit_terms, hand_back, send
from jutong.center.agreement.actions.measuring import measure
from jutong.center.agreement.actions.signing import sign

__all__ = [
    "answer_breach",
    "consent_and_sign",
    "discard_change",
    "draft_agreement",
    "edit_terms",
    "hand_back",
    "judge_breach",
    "measure",
    "propose_change",
    "send",
    "sign",
]
