"""Everything that changes norms: proposing and reviewing elements, loading code tables, running conformance."""

from __future__ import annotations

from jutong.center.norms.actions.conformance import rate_new, run_all, run_entry, run_organisation, run_table
from jutong.center.norms.actions.elements import (
    discard,
    edit,
    propose,
    propose_version,
    publish,
    recall,
    retire,
    return_version,
    submit,
)
from jutong.center.norms.actions.library import load_library
from jutong.center.norms.actions.tables import TableHead, load_edition, load_shipped_tables, settle_mapping

__all__ = [
    "TableHead",
    "discard",
    "edit",
    "load_edition",
    "load_library",
    "load_shipped_tables",
    "propose",
    "propose_version",
    "publish",
    "rate_new",
    "recall",
    "retire",
    "return_version",
    "run_all",
    "run_entry",
    "run_organisation",
    "run_table",
    "settle_mapping",
    "submit",
]
