"""Every write on the catalog."""

from jutong.center.catalog.actions.binding import bind, unbind
from jutong.center.catalog.actions.draft import create_entry, edit_version, new_version, record_assessment
from jutong.center.catalog.actions.importing import ImportRow, import_published
from jutong.center.catalog.actions.review import publish, return_version
from jutong.center.catalog.actions.submission import consent, decline, submit, withdraw

__all__ = [
    "ImportRow",
    "bind",
    "consent",
    "create_entry",
    "decline",
    "edit_version",
    "import_published",
    "new_version",
    "publish",
    "record_assessment",
    "return_version",
    "submit",
    "unbind",
    "withdraw",
]
