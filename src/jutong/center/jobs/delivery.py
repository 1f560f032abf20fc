"""A file, or a stream of messages, as where rows go: what its name and the way it is filled have to be.

Seen before anything is ordered.
"""

from __future__ import annotations

from jutong.center.fleet.models import Source
from jutong.center.jobs.errors import (
    FileNameUnfitError,
    FileWayUnfitError,
    MessageWayUnfitError,
    SubjectUnfitError,
)
from jutong.center.jobs.work import Work
from jutong.contracts.filenames import FileName, parse
from jutong.contracts.subjects import is_subject

DIALECT, STREAMS = "files", "nats"


def check_file(source: Source, work: Work) -> None:
    """See that a file or messages can be delivered as the work says; for any other place there is nothing to see.

    Args:
        source: where it lands.
        work: what is done.

    Raises:
        FileNameUnfitError: if the name is none of a file of a known form.
        FileWayUnfitError: if rows cannot meet those of a file so.
        SubjectUnfitError, MessageWayUnfitError: if no messages can be published so.
    """
    if source.dialect == STREAMS and work.into is not None:
        _check_stream(work, work.into.table)
    if source.dialect != DIALECT or work.into is None:
        return
    name = file_name(work)
    if name is None:
        raise FileNameUnfitError(name=work.into.table)
    kind = work.mode.kind if work.mode else "replace"
    if kind not in {"replace", "append"} or (kind == "append" and not name.is_own):
        raise FileWayUnfitError(name=work.into.table)


def _check_stream(work: Work, subject: str) -> None:
    if not is_subject(subject):
        raise SubjectUnfitError(subject=subject)
    mode = work.mode
    added = mode is None or mode.kind in {"replace", "append", "merge"}
    if not added or getattr(mode, "history", False) or getattr(mode, "drift", "freeze") != "freeze":
        raise MessageWayUnfitError(subject=subject)


def file_name(work: Work) -> FileName | None:
    """Return the name a work delivers its file under, None where it says none."""
    try:
        return parse(work.into.table) if work.into else None
    except ValueError:
        return None
