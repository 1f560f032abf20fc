"""Everything that changes norms: proposing and reviewing elements, loading code tables, running conformance."""

from __future__ import annotations

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

__all__ = [
    "discard",
    "edit",
    "load_library",
    "propose",
    "propose_version",
    "publish",
    "recall",
    "retire",
    "return_version",
    "submit",
]
