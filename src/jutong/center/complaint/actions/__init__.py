"""The steps of complaints and inquiries. Each is one transaction with its audit event."""

from jutong.center.complaint.actions.handling import accept, answer, correct, transfer
from jutong.center.complaint.actions.inquiring import (
    Identity,
    close_over,
    deliver,
    open_inquiry,
    renew_code,
    retry,
)
from jutong.center.complaint.actions.intake import Words, ask_review, receive_complaint, settle, withdraw
from jutong.center.complaint.actions.revealing import reveal
from jutong.center.complaint.actions.secrecy import disclose_over, state_secrecy

__all__ = [
    "Identity",
    "Words",
    "accept",
    "answer",
    "ask_review",
    "close_over",
    "correct",
    "deliver",
    "disclose_over",
    "open_inquiry",
    "receive_complaint",
    "renew_code",
    "retry",
    "reveal",
    "settle",
    "state_secrecy",
    "transfer",
    "withdraw",
]
