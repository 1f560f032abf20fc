"""A file as where rows go: what its name and the way it is filled have to be, seen before anything is ordered."""

from __future__ import annotations

from jutong.center.fleet.models import Source
from jutong.center.jobs.errors import FileNameUnfitError, FileWayUnfitError
from jutong.center.jobs.work import Work
from jutong.contracts.filenames import FileName, parse

DIALECT = "files"


def check_file(source: Source, work: Work) -> None:
    """See that a file can be delivered as the work says; for any other place there is nothing to see.

    Args:
        source: where it lands.
        work: what is done.

    Raises:
        FileNameUnfitError: if the name is none of a file of a known form.
        FileWayUnfitError: if rows cannot meet those of a file so.
    """
    if source.dialect != DIALECT or work.into is None:
        return
    name = file_name(work)
    if name is None:
        raise FileNameUnfitError(name=work.into.table)
    kind = work.mode.kind if work.mode else "replace"
    if kind not in {"replace", "append"} or (kind == "append" and not name.is_own):
        raise FileWayUnfitError(name=work.into.table)


def file_name(work: Work) -> FileName | None:
    """Return the name a work delivers its file under, None where it says none."""
    try:
        return parse(work.into.table) if work.into else None
    except ValueError:
        return None
