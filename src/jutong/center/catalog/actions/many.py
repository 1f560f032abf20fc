"""Steps taken for many versions: judged one by one, written together.

What a row is refused is its own: the others go on. The rows that pass are written by a few statements inside a
savepoint; should the database refuse them together, each is written in a savepoint of its own, so that one bad row
never takes the others with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from jutong.center.catalog.enums import Event
from jutong.center.catalog.errors import RowNotSavedError
from jutong.center.catalog.models import EntryVersion
from jutong.center.catalog.rules import Transition, permission_for
from jutong.center.catalog.steps import admit, deciding_event, lock
from jutong.center.org.actor import Actor
from jutong.center.org.queries import require
from jutong.kernel.errors import JutongError, NotFoundError

Row = tuple[EntryVersion, Transition]
Judge = Callable[[EntryVersion], None]
"""Raises what speaks against the step."""
Apply = Callable[[Sequence[Row]], None]
"""Writes the step for rows that passed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one version. ``problem`` is None where the step was taken."""

    version_id: UUID
    code: str
    name: str
    state: str
    problem: JutongError | None = None


@transaction.atomic
def for_each(
    ids: Iterable[UUID],
    event: Event,
    by: Actor,
    *,
    prepare: Callable[[Sequence[EntryVersion]], Judge],
    apply: Apply,
) -> list[Outcome]:
    """Take a step for every version that it may be taken for; to publish a removal is to take its entry down.

    Args:
        ids: of the versions, in the order of the answer; one named twice counts once.
        event: the step.
        by: who takes it.
        prepare: reads what judging needs, once for all; returns what judges one.
        apply: writes it.

    Raises:
        ForbiddenError: if the post does not carry the step's permission.
    """
    require(by, permission_for(event))
    wanted = list(dict.fromkeys(ids))
    found = lock(wanted)
    judge = prepare(list(found.values()))
    refused: dict[UUID, JutongError] = {}
    authorities: dict[str, UUID] = {}
    rows: list[Row] = []
    for version_id in wanted:
        version = found.get(version_id)
        step = deciding_event(version) if version and event == Event.PUBLISH else event
        try:
            row = admit(version, step, by, what=str(version_id), authorities=authorities)
            judge(row[0])
        except JutongError as problem:
            refused[version_id] = problem
        else:
            rows.append(row)
    _write(rows, apply, found, refused)
    return [_outcome(version_id, found.get(version_id), refused.get(version_id)) for version_id in wanted]


def _write(
    rows: Sequence[Row], apply: Apply, found: dict[UUID, EntryVersion], refused: dict[UUID, JutongError]
) -> None:
    """Write the rows together, else each alone; ``found`` is read anew where what was set did not last."""
    if not rows:
        return
    try:
        with transaction.atomic():
            apply(rows)
    except (JutongError, IntegrityError):
        for version, row in rows:
            problem = _write_one(version.id, row, apply)
            if problem is not None:
                refused[version.id] = problem
        found |= lock(version.id for version, _ in rows)


def _write_one(version_id: UUID, row: Transition, apply: Apply) -> JutongError | None:
    version = lock([version_id])[version_id]
    try:
        with transaction.atomic():
            apply([(version, row)])
    except JutongError as problem:
        return problem
    except IntegrityError:
        return RowNotSavedError(name=version.name)
    return None


def _outcome(version_id: UUID, version: EntryVersion | None, problem: JutongError | None) -> Outcome:
    if version is None or isinstance(problem, NotFoundError):
        return Outcome(version_id, "", "", "", problem)
    return Outcome(version_id, version.entry.code, version.name, version.state, problem)
