"""Every write on batches and proposals."""

from jutong.center.intake.actions.attaching import Attached, attach
from jutong.center.intake.actions.checking import check_batch
from jutong.center.intake.actions.describing import ask_profiles, describe, profiled
from jutong.center.intake.actions.drafting import ask_drafts, make_drafts
from jutong.center.intake.actions.fixing import check_again, dismiss, dismiss_group, fix, fix_cell, fix_group
from jutong.center.intake.actions.harvesting import store_batch
from jutong.center.intake.actions.pruning import prune
from jutong.center.intake.actions.receiving import cancel, receive, set_mapping

__all__ = [
    "Attached",
    "ask_drafts",
    "ask_profiles",
    "attach",
    "cancel",
    "check_again",
    "check_batch",
    "describe",
    "dismiss",
    "dismiss_group",
    "fix",
    "fix_cell",
    "fix_group",
    "make_drafts",
    "profiled",
    "prune",
    "receive",
    "set_mapping",
    "store_batch",
]
