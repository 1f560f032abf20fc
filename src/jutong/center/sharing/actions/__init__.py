"""Every write of sharing, by the one who takes the step. Each is one transaction with its audit event inside."""

from __future__ import annotations

from jutong.center.sharing.actions.answering import (
    REFUSE,
    Answer,
    ask_extension,
    ask_supplement,
    consent_reply,
    decide_extension,
    prepare_reply,
)
from jutong.center.sharing.actions.applying import (
    answer_supplement,
    consent_request,
    draft,
    edit_draft,
    request_consent,
    withdraw,
)
from jutong.center.sharing.actions.consuming import alert_holders, answer_idle, ask_idle
from jutong.center.sharing.actions.office import close_duty, delegate, register_duty, revoke_delegation
from jutong.center.sharing.actions.repeating import copy_application, renew_grant
from jutong.center.sharing.actions.stopping import expire_grants, lift_suspension, revoke_grant, suspend_grant
from jutong.center.sharing.actions.supply import (
    issue_waiting,
    node_answered,
    on_entry_bound,
    on_system_keys_changed,
    reissue_grants,
    release_grant,
    retry_supply,
)
from jutong.center.sharing.actions.watching import TryTicket, count_uses, message, remind, try_grant
from jutong.center.sharing.need import Ask, Need

__all__ = [
    "REFUSE",
    "Answer",
    "Ask",
    "Need",
    "TryTicket",
    "alert_holders",
    "answer_idle",
    "answer_supplement",
    "ask_extension",
    "ask_idle",
    "ask_supplement",
    "close_duty",
    "consent_reply",
    "consent_request",
    "copy_application",
    "count_uses",
    "decide_extension",
    "delegate",
    "draft",
    "edit_draft",
    "expire_grants",
    "issue_waiting",
    "lift_suspension",
    "message",
    "node_answered",
    "on_entry_bound",
    "on_system_keys_changed",
    "prepare_reply",
    "register_duty",
    "reissue_grants",
    "release_grant",
    "remind",
    "renew_grant",
    "request_consent",
    "retry_supply",
    "revoke_delegation",
    "revoke_grant",
    "suspend_grant",
    "try_grant",
    "withdraw",
]
