"""Whether a transfer can wait for files: only where a table of files stands behind its entry."""

from __future__ import annotations

from jutong.center.catalog.models import Binding, Entry
from jutong.center.fleet.models import Source
from jutong.center.jobs.delivery import DIALECT
from jutong.center.jobs.errors import NoArrivalsError
from jutong.center.jobs.schedule import Schedule

PLAN = "arrival"
"""The kind of schedule."""


def holds_files(entry: Entry) -> bool:
    """Tell whether files of a folder stand behind an entry."""
    bound = Binding.objects.filter(entry=entry, ended_at=None).first()
    return bound is not None and Source.objects.filter(name=bound.source, dialect=DIALECT).exists()


def check_plan(entry: Entry, schedule: Schedule) -> None:
    """See that a plan can be kept.

    Raises:
        NoArrivalsError: if files are waited for where none come.
    """
    if schedule.kind == PLAN and not holds_files(entry):
        raise NoArrivalsError(entry=str(entry))
