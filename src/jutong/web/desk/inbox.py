"""待我办理: what waits, grouped by how pressing it is, with what can be decided decided in its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.sharing.actions import many
from jutong.center.sharing.queries import Task, TaskKind
from jutong.center.sharing.queries.tasks import Text
from jutong.kernel.errors import JutongError
from jutong.web.desk.origin import PLACES
from jutong.web.desk.rows import Refused, Row, rows_of
from jutong.web.desk.tasks import waiting
from jutong.web.door import Visit, page
from jutong.web.paging import SIZE

TABS = (
    ("", gettext_lazy("待我办理")),
    ("over", gettext_lazy("已超期")),
    ("soon", gettext_lazy("两个工作日内到期")),
    ("paused", gettext_lazy("等对方补正")),
)
GROUPS: dict[str, Text] = {
    "over": gettext_lazy("已超期"),
    "soon": gettext_lazy("两个工作日内到期"),
    "rest": gettext_lazy("其余"),
}
_RANKS = {key: at for at, key in enumerate(GROUPS)}
MOST_COUNTED = 999
LONGEST_WORDS, LONGEST_PAGE = 100, 4
_BATCHED = {TaskKind.APPLICATION_CONSENT, TaskKind.REPLY_CONSENT, TaskKind.APPLICATION_ANSWER}


@dataclass(frozen=True)
class Asked:
    """Which part of the inbox is shown."""

    tab: str
    kind: str
    words: str
    number: int

    @classmethod
    def of(cls, said: QueryDict) -> Asked:
        """Read an address; what it cannot mean reads as the first page of everything."""
        number = said.get("page", "")
        known = number.isascii() and number.isdigit() and len(number) <= LONGEST_PAGE
        return cls(
            tab=said.get("tab", ""),
            kind=said.get("kind", ""),
            words=said.get("q", "").strip()[:LONGEST_WORDS],
            number=max(1, int(number)) if known else 1,
        )

    def fits(self, task: Task) -> bool:
        """Tell whether a task is asked for."""
        state = task.clock.state if task.clock else ""
        text = f"{task.title}{task.organisation}{task.person}{task.number}"
        return (
            (not self.tab or state == self.tab)
            and (not self.kind or task.kind.value == self.kind)
            and self.words in text
        )

    def address(self, **changes: str | int) -> str:
        """Return the address of this part with some of it changed."""
        said = QueryDict(mutable=True)
        values = {"tab": self.tab, "kind": self.kind, "q": self.words, "page": self.number} | changes
        said.update({name: str(values[name]) for name in PLACES["/inbox"] if values[name] not in {"", 1}})
        return "/inbox" + (f"?{said.urlencode()}" if said else "")


@dataclass(frozen=True)
class Group:
    """The rows of one group that are on the page, and how many there are in all."""

    key: str
    label: Text
    total: str
    rows: list[Row]


@page()
def listing(visit: Visit) -> HttpResponseBase:
    """Everything that waits for this post, the soonest first."""
    return _listing(visit, Asked.of(visit.request.GET))


def refused(visit: Visit, problem: JutongError) -> HttpResponse:
    """Show a step that was refused in its row with what was typed; the row alone where script asks for it."""
    origin = visit.origin
    assert origin is not None  # noqa: S101 - the door asks only for steps taken in a row
    typed = {name: visit.request.POST.get(name, "") for name in visit.request.POST}
    found = Refused(origin.row, problem, typed)
    if not visit.is_partial:
        return _listing(visit, Asked.of(QueryDict(origin.query)), found)
    task = next((row for row in waiting(visit.request, visit.actor, visit.now) if row.row == origin.row), None)
    if task is None:
        return visit.render("desk/gone.html", {"refused": found, "origin": origin}, status=problem.http_status)
    row = rows_of(visit, [task], f"{origin.path}?{origin.query}", found)[0]
    return visit.render("desk/row.html", {"row": row}, status=problem.http_status)


def _listing(visit: Visit, asked: Asked, refused_: Refused | None = None) -> HttpResponse:
    every = waiting(visit.request, visit.actor, visit.now)
    found = sorted(filter(asked.fits, every), key=lambda task: _RANKS[group_of(task)])
    start = (asked.number - 1) * SIZE
    shown = found[start : start + SIZE]
    rows = rows_of(visit, shown, asked.address(), refused_)
    context = {
        "groups": _groups(found, rows),
        "tabs": tabs(every, asked.tab),
        "asked": asked,
        "kinds": _kinds(every),
        "total": len(every),
        "batch": many.eligible_count(visit.actor, visit.now) if _BATCHED & {task.kind for task in every} else 0,
        "refused": refused_ if refused_ and all(row.task.row != refused_.row for row in rows) else None,
        "pager": _pager(asked, len(shown), len(found)),
    }
    return visit.render("desk/inbox.html", context, status=refused_.problem.http_status if refused_ else 200)


def tabs(every: Sequence[Task], chosen: str) -> list[tuple[str, Text, str, bool]]:
    """Return the parts of the inbox: value, label, how many, whether it is the one shown."""
    counts = [sum(Asked(value, "", "", 1).fits(task) for task in every) for value, _label in TABS]
    return [(value, label, capped(n), value == chosen) for (value, label), n in zip(TABS, counts, strict=True)]


def capped(count: int) -> str:
    """Write a count, or that it is more than anybody counts."""
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)


def group_of(task: Task) -> str:
    """Return the key of the group a task belongs to."""
    state = task.clock.state if task.clock else ""
    return state if state in GROUPS else "rest"


def _groups(found: Sequence[Task], rows: Sequence[Row]) -> list[Group]:
    """Return the groups on the page; ``found`` has each in one piece."""
    totals = {key: sum(group_of(task) == key for task in found) for key in GROUPS}
    return [
        Group(key, GROUPS[key], capped(totals[key]), list(part))
        for key, part in groupby(rows, key=lambda row: group_of(row.task))
    ]


def _kinds(every: Sequence[Task]) -> list[tuple[str, str]]:
    counts: dict[TaskKind, int] = {}
    for task in every:
        counts[task.kind] = counts.get(task.kind, 0) + 1
    rows = ((kind.value, f"{kind.label} {capped(n)}") for kind, n in counts.items())
    return sorted(rows, key=lambda row: row[1])


def _pager(asked: Asked, shown: int, total: int) -> dict[str, str]:
    start = (asked.number - 1) * SIZE
    told = {"first": start + 1 if shown else 0, "last": start + shown, "total": capped(total)}
    return {
        "summary": _("第%(first)s–%(last)s项，共%(total)s项") % told,
        "newer": asked.address(page=asked.number - 1) if asked.number > 1 else "",
        "older": asked.address(page=asked.number + 1) if start + shown < total else "",
    }
