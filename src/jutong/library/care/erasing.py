"""The tasks ``erase`` and ``prove``."""

from __future__ import annotations

import shutil
from pathlib import Path

from pydantic import ValidationError

from jutong.contracts.library import Feed
from jutong.contracts.library_care import CareResult, EraseTask, ProveTask, TableCared, Traces
from jutong.kernel.keys import load_or_create_signer
from jutong.kernel.sealing import UnreadableBoxError, open_with
from jutong.library.care.backup import backups_before
from jutong.library.care.each import each, require
from jutong.library.care.erasure import (
    Account,
    account_of,
    accounts,
    count,
    elsewhere,
    erase,
    grown,
    keep_account,
    search,
)
from jutong.library.care.errors import ErasureRemainsError, ErasureUnknownError, ErasureUnreadableError
from jutong.library.care.examine import tables_of
from jutong.library.care.marks import Known, Marks, Register, secret_of
from jutong.library.care.names import name_of
from jutong.library.care.pins import fusions
from jutong.library.fusion.manifest import current, settle
from jutong.library.tables import MADE_FOR_READERS
from jutong.library.works import Place, Tell


def erased(task: EraseTask, place: Place, tell: Tell) -> CareResult:
    """Erase one person, and look afterwards whether anything is left.

    Raises:
        ConsentMissingError: two different people have to agree.
        ErasureUnreadableError: whom it is about cannot be read here.
        ErasureRemainsError: something is left, most likely since a table was being written.
    """
    if not task.dry:
        require(task.consents, "owner", "second")
    secret = secret_of(place.home)
    tell("finding", 0, 0)
    account = _account(task, place, secret)
    marks = Marks(account.known, secret)
    paths = tables_of(place.library)
    names = [name_of(path) for path in paths]
    if task.dry:
        counted = each(names, place, tell, "counting", lambda path, _: count(path, marks))
        return CareResult(kind=task.kind, erasure_id=task.erasure_id, tables=_told(counted), ground=task.ground)
    for fused in fusions(place.library):
        if current(fused) is not None:
            settle(fused)  # what a fusion left that never ended would need files that go now
    cared = each(
        names, place, tell, "erasing", lambda path, _: erase(path, marks, work_id=place.work_id, now=place.now)
    )
    # What was made for readers elsewhere is made anew from what is left.
    shutil.rmtree(place.home.joinpath(*MADE_FOR_READERS), ignore_errors=True)
    tell("proving", 0, 0)
    looked, left = search(place.library, marks)
    digest = keep_account(place.library, account.model_copy(update={"tables": _told(cared)}))
    if left or (failed := [one for one in cared if one.problem_code]):
        names_left = "、".join(one.table.text for one in left or failed)
        raise ErasureRemainsError(files=sum(one.rows for one in left), tables=names_left)
    return CareResult(
        kind=task.kind, erasure_id=task.erasure_id, tables=_told(cared), remaining=0, searched_files=looked,
        elsewhere=elsewhere(place.home, marks), backups=backups_before(place.home, place.now), consents=task.consents,
        ground=task.ground, digest=digest,
    )  # fmt: skip


def _told(cared: tuple[TableCared, ...]) -> tuple[TableCared, ...]:
    """Return the tables something was done to, or could not be."""
    return tuple(one for one in cared if one.rows or one.emptied or one.files_removed or one.lost or one.problem_code)


def _account(task: EraseTask, place: Place, secret: str) -> Account:
    """Return what is known of the person. It is kept before anything goes: what is gone cannot be followed any more."""
    try:
        return account_of(place.library, task.erasure_id)
    except ErasureUnknownError:
        pass
    signer = load_or_create_signer(place.home / "keys" / "node.key", "node")
    try:
        traces = Traces.model_validate_json(open_with(signer, task.box))
    except (UnreadableBoxError, ValidationError) as error:
        raise ErasureUnreadableError from error
    first = Known(own=task.own, registers=tuple(_register(feed, task.own) for feed in task.feeds))
    marks = Marks(first, secret)
    named = first.model_copy(
        update={
            "values": tuple(marks.value(value) for value in traces.values),
            "pairs": tuple(marks.pair(one.feed, one.key) for one in traces.keys),
        }
    )
    account = Account(
        erasure_id=task.erasure_id, work_id=place.work_id, at_ms=int(place.now.timestamp() * 1000), ground=task.ground,
        consents=task.consents, known=grown(place.library, named, secret),
    )  # fmt: skip
    if not task.dry:
        keep_account(place.library, account)
    return account


def _register(feed: Feed, own: tuple[str, ...]) -> Register:
    landed = tuple(column for field, column in feed.columns if field in own)
    return Register(
        feed=feed.name, organisation_code=feed.organisation_code, landed=feed.landed, key=feed.key, own=landed
    )


def proven(task: ProveTask, place: Place, tell: Tell) -> CareResult:
    """Look again for a person who was erased; what is found is told and nothing is changed.

    Raises:
        ErasureUnknownError: nobody was erased under this number.
    """
    tell("proving", 0, 0)
    account = account_of(place.library, task.erasure_id)
    marks = Marks(account.known, secret_of(place.home))
    looked, left = search(place.library, marks)
    return CareResult(
        kind=task.kind, erasure_id=task.erasure_id, tables=tuple(left), remaining=sum(one.rows for one in left),
        searched_files=looked, elsewhere=elsewhere(place.home, marks), consents=account.consents,
        ground=account.ground,
    )  # fmt: skip


def erase_again(path: Path, place: Place, without: tuple[str, ...]) -> TableCared | None:
    """Take whoever was erased out of a table that came back from a backup; None when nobody was."""
    missing = [account.known for account in accounts(place.library) if account.erasure_id not in without]
    if not missing:
        return None
    every = Known(
        values=tuple({one for known in missing for one in known.values}),
        pairs=tuple({one for known in missing for one in known.pairs}),
        own=tuple({one for known in missing for one in known.own}),
        registers=tuple({one.feed: one for known in missing for one in known.registers}.values()),
    )
    return erase(path, Marks(every, secret_of(place.home)), work_id=place.work_id, now=place.now)
