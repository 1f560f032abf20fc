"""Every write of demands. Each is one transaction with its audit event inside."""

from __future__ import annotations

from jutong.center.demand.actions.answering import answer_demand, begin_catalog, name_entry
from jutong.center.demand.actions.applying import apply_for_demand
from jutong.center.demand.actions.docking import (
    assign_demand,
    close_demand,
    match_demand,
    merge_demand,
    refer_demand,
    unmatch_demand,
)
from jutong.center.demand.actions.matching import look_again
from jutong.center.demand.actions.stating import (
    edit_demand,
    join_demand,
    leave_demand,
    state_demand,
    withdraw_demand,
)

__all__ = [
    "answer_demand",
    "apply_for_demand",
    "assign_demand",
    "begin_catalog",
    "close_demand",
    "edit_demand",
    "join_demand",
    "leave_demand",
    "look_again",
    "match_demand",
    "merge_demand",
    "name_entry",
    "refer_demand",
    "state_demand",
    "unmatch_demand",
    "withdraw_demand",
]
