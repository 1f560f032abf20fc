"""What a person needs to know to decide a waiting task where it is listed, read for the tasks shown and no others.

A process outside this app registers what its tasks say when it is ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jutong.center.org.actor import Actor
from jutong.center.sharing.queries.tasks import Task, TaskKind, Text


@dataclass(frozen=True, slots=True)
class Brief:
    """What a row says besides title, people and clock, and what can be done in it.

    Attributes:
        facts: labels with what they say.
        steps: names of the steps the actor's side can take now; each step asks again when it is taken.
        sentence: what is confirmed, word by word.
        carried: what the step is told unseen, such as the digest of the text that was shown.
        choices: values with labels, for a step that chooses among something the task alone knows.
        paper: label and address of the document that is decided on.
    """

    facts: tuple[tuple[Text, Text], ...] = ()
    steps: frozenset[str] = frozenset()
    sentence: Text = ""
    carried: tuple[tuple[str, str], ...] = ()
    choices: tuple[tuple[str, Text], ...] = ()
    paper: tuple[Text, str] | None = None


Describe = Callable[[Actor, Sequence[Task], datetime], Mapping[str, Brief]]
_DESCRIBED: dict[TaskKind, Describe] = {}


def describe_with(kinds: Iterable[TaskKind], describe: Describe) -> None:
    """Let a process say what its tasks are about; called when its app is ready.

    Args:
        kinds: of tasks that ``describe`` knows.
        describe: returns briefs by the tasks' ``subject_id``, with queries whose number does not grow with the tasks.
    """
    _DESCRIBED.update(dict.fromkeys(kinds, describe))


def briefs(actor: Actor, tasks: Iterable[Task], now: datetime) -> dict[str, Brief]:
    """Return what is known of the tasks of one page, by ``Task.row``; a task nobody describes is missing."""
    by_kind: dict[TaskKind, list[Task]] = {}
    for task in tasks:
        if task.subject_id and task.kind in _DESCRIBED:
            by_kind.setdefault(task.kind, []).append(task)
    found: dict[str, Brief] = {}
    for kind, rows in by_kind.items():
        said = _DESCRIBED[kind](actor, rows, now)
        found |= {task.row: said[task.subject_id] for task in rows if task.subject_id in said}
    return found


def stated(*pairs: tuple[Text, Text]) -> tuple[tuple[Text, Text], ...]:
    """Return the facts that say something."""
    return tuple((label, text) for label, text in pairs if text)
