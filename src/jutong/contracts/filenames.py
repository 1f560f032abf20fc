"""The name of a file that rows are delivered in. Its form stands in its ending, and no name leads anywhere else.

``{day}``, ``{time}`` and ``{job}`` stand for when the job began, in Beijing, and for its id. They are the same however
often a job is taken up again, so that it delivers one file and not two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jutong.kernel.clock import BEIJING

Form = Literal["csv", "jsonl", "xlsx", "parquet"]
Packing = Literal["", "zip", "gz"]
FORMS: tuple[Form, ...] = ("csv", "jsonl", "xlsx", "parquet")
PACKED: frozenset[Form] = frozenset(("csv", "jsonl"))
"""Forms that are packed on request; the others are packed by nature."""

LONGEST = 100
_WHOLE = re.compile(r"[^\x00-\x1f\x7f/\\.~ {}][^\x00-\x1f\x7f/\\]*")
_PLACES = re.compile(r"\{([^{}]*)\}")
_KNOWN = frozenset(("day", "time", "job"))
_OWN = frozenset(("time", "job"))


@dataclass(frozen=True)
class FileName:
    """A name taken apart. ``is_own`` says that every job has a file of its own, so that none replaces another's."""

    template: str
    form: Form
    packing: Packing
    is_own: bool

    def filled(self, job_id: str, began: datetime) -> str:
        """Return the name of one job's file."""
        here = began.astimezone(BEIJING)
        said = {"day": f"{here:%Y%m%d}", "time": f"{here:%H%M%S}", "job": job_id}
        return _PLACES.sub(lambda found: said[found[1]], self.template)


def parse(template: str) -> FileName:
    """Take a name apart.

    Raises:
        ValueError: when it is no name of a file of a known form.
    """
    bare = _PLACES.sub("0", template)
    if len(template) > LONGEST or not _WHOLE.fullmatch(bare) or {"{", "}"} & set(bare):
        raise ValueError("name")
    places = set(_PLACES.findall(template))
    if places - _KNOWN:
        raise ValueError("place")
    stem, _, ending = bare.rpartition(".")
    packing: Packing = "zip" if ending == "zip" else "gz" if ending == "gz" else ""
    if packing:
        stem, _, ending = stem.rpartition(".")
    form = next((one for one in FORMS if one == ending), None)
    if form is None or not stem or (packing and form not in PACKED):
        raise ValueError("form")
    return FileName(template, form, packing, bool(places & _OWN))
