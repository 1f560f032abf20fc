"""Every write on sources, plans and inventories."""

from jutong.center.ownership.actions.designation import designate, propose_source, revoke_source, state_position
from jutong.center.ownership.actions.inventory import link_system, record_withholding_review
from jutong.center.ownership.actions.plan import (
    Answer,
    AskedField,
    check_plan,
    create_plan,
    decide_plan,
    edit_plan,
    read_fields,
    recall_plan,
    resolve_fields,
    submit_plan,
)

__all__ = [
    "Answer",
    "AskedField",
    "check_plan",
    "create_plan",
    "decide_plan",
    "designate",
    "edit_plan",
    "link_system",
    "propose_source",
    "read_fields",
    "recall_plan",
    "record_withholding_review",
    "resolve_fields",
    "revoke_source",
    "state_position",
    "submit_plan",
]
