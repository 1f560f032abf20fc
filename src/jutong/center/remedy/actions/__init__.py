"""What people and the platform do about shares that went wrong or came to their end (条例 27)."""

from __future__ import annotations

from jutong.center.remedy.actions.change import (
    answer_consultation,
    decide_change,
    file_change,
    propose_change,
    withdraw_change,
)
from jutong.center.remedy.actions.copies import Copy, Handling
from jutong.center.remedy.actions.disposal import (
    Silence,
    declare_copies,
    open_disposal,
    prove_disposals,
    report_disposal,
    return_disposal,
    silence,
    start_missing_clocks,
    verify_disposal,
)
from jutong.center.remedy.actions.ledger import (
    counted,
    fill,
    inspect_ledger,
    keep_ledgers,
    kept_copies,
    prefill_scenario,
    standing,
    write_entry,
)
from jutong.center.remedy.actions.rectification import (
    accept_rectification,
    call_refused,
    order_again,
    order_rectification,
    reject_rectification,
    report_rectification,
    terminate,
    withdraw_rectification,
)

__all__ = [
    "Copy",
    "Handling",
    "Silence",
    "accept_rectification",
    "answer_consultation",
    "call_refused",
    "counted",
    "decide_change",
    "declare_copies",
    "file_change",
    "fill",
    "inspect_ledger",
    "keep_ledgers",
    "kept_copies",
    "open_disposal",
    "order_again",
    "order_rectification",
    "prefill_scenario",
    "propose_change",
    "prove_disposals",
    "reject_rectification",
    "report_disposal",
    "report_rectification",
    "return_disposal",
    "silence",
    "standing",
    "start_missing_clocks",
    "terminate",
    "verify_disposal",
    "withdraw_change",
    "withdraw_rectification",
    "write_entry",
]
