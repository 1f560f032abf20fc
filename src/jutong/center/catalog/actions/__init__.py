"""Every write on the catalog."""

from jutong.center.catalog.actions.assessing import Assessed, assess_many, record_assessment
from jutong.center.catalog.actions.binding import bind, unbind
from jutong.center.catalog.actions.draft import create_entry, discard, discard_many, edit_version, new_version
from jutong.center.catalog.actions.duties import ask_extension, decide_extension, register_change
from jutong.center.catalog.actions.importing import ImportRow, import_published
from jutong.center.catalog.actions.many import Outcome
from jutong.center.catalog.actions.removal import decide_filing, file_end, propose_removal, revise_removal
from jutong.center.catalog.actions.review import publish, publish_many, return_many, return_version
from jutong.center.catalog.actions.runs import carry_on, finish_small, start_run
from jutong.center.catalog.actions.searches import address_of, drop_search, save_search, tell_of_new
from jutong.center.catalog.actions.submission import (
    consent,
    consent_many,
    decline,
    decline_many,
    submit,
    submit_many,
    withdraw,
)

__all__ = [
    "Assessed",
    "ImportRow",
    "Outcome",
    "address_of",
    "ask_extension",
    "assess_many",
    "bind",
    "carry_on",
    "consent",
    "consent_many",
    "create_entry",
    "decide_extension",
    "decide_filing",
    "decline",
    "decline_many",
    "discard",
    "discard_many",
    "drop_search",
    "edit_version",
    "file_end",
    "finish_small",
    "import_published",
    "new_version",
    "propose_removal",
    "publish",
    "publish_many",
    "record_assessment",
    "register_change",
    "return_many",
    "return_version",
    "revise_removal",
    "save_search",
    "start_run",
    "submit",
    "submit_many",
    "tell_of_new",
    "unbind",
    "withdraw",
]
