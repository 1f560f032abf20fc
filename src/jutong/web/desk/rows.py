"""A row of the inbox as its page shows it: the task, what is known of it, the forms, and a step that was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jutong.center.sharing.queries import Brief, Task, briefs
from jutong.center.sharing.queries.tasks import Text
from jutong.kernel.errors import JutongError
from jutong.web.desk.acts import ACTS, Act
from jutong.web.desk.origin import anchor
from jutong.web.desk.tasks import task_link
from jutong.web.door import Visit

_NOTHING = Brief()


@dataclass(frozen=True)
class Refused:
    """A step that was refused in its row, with what was typed."""

    row: str
    problem: JutongError
    typed: dict[str, str]

    @property
    def said(self) -> str:
        """What was written, where the row is gone and nothing keeps it."""
        texts = {act.text[0] for kind, acts in ACTS.items() for act in acts if act.text and self.row.startswith(kind)}
        return "\n".join(self.typed[name] for name in sorted(texts) if self.typed.get(name))


@dataclass(frozen=True)
class Form:
    """One form of a row with its values."""

    key: str
    act: Act
    action: str
    carried: Sequence[tuple[str, str]]
    choices: Sequence[tuple[str, Text]]
    typed: str
    chosen: str


@dataclass(frozen=True)
class Row:
    """One task with everything its row shows."""

    task: Task
    link: str
    brief: Brief
    forms: list[Form]
    back: str
    next_row: str
    problem: JutongError | None = None

    @property
    def key(self) -> str:
        """The row's id in its page."""
        return anchor(self.task.row)


def rows_of(visit: Visit, tasks: Sequence[Task], back: str, refused: Refused | None = None) -> list[Row]:
    """Return the rows of one page; ``back`` is its address, to which a form leads back."""
    known = briefs(visit.actor, tasks, visit.now)
    after = [*tasks[1:], *tasks[-2:-1]]
    return [
        _row(task, known.get(task.row, _NOTHING), back, other.row if other else "", refused)
        for task, other in zip(tasks, [*after, None], strict=False)
    ]


def _row(task: Task, brief: Brief, back: str, next_row: str, refused: Refused | None) -> Row:
    mine = refused if refused is not None and refused.row == task.row else None
    typed = mine.typed if mine else {}
    forms = [_form(task, act, brief, typed) for act in ACTS.get(task.kind, ()) if act.step in brief.steps]
    problem = mine.problem if mine else None
    return Row(task, task_link(task), brief, forms, back, next_row if next_row != task.row else "", problem)


def _form(task: Task, act: Act, brief: Brief, typed: dict[str, str]) -> Form:
    return Form(
        key=f"{anchor(task.row)}-{act.step}",
        act=act,
        action=act.to.format(number=task.number, id=task.subject_id, note=task.note),
        carried=brief.carried,
        choices=brief.choices,
        typed=typed.get(act.text[0], "") if act.text else "",
        chosen=typed.get(act.choice[0], "") if act.choice else "",
    )
