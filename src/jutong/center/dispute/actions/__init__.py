"""Every write of disputes. Each is one transaction with its audit event inside."""

from __future__ import annotations

from jutong.center.dispute.actions.arguing import add_evidence, answer_proposal, propose, state_view
from jutong.center.dispute.actions.moving import decide_dispute, escalate, execute_dispute, refer
from jutong.center.dispute.actions.raising import open_case, raise_dispute, withdraw_dispute

__all__ = [
    "add_evidence",
    "answer_proposal",
    "decide_dispute",
    "escalate",
    "execute_dispute",
    "open_case",
    "propose",
    "raise_dispute",
    "refer",
    "state_view",
    "withdraw_dispute",
]
