"""One batch: what is wrong with it, corrected in place, and drafts of what may be imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from jutong.center.intake import actions, queries
from jutong.center.intake.columns import choices, label_of
from jutong.center.intake.enums import RUNNING, BatchKind, BatchState, Outcome
from jutong.center.intake.models import Batch, Proposal
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import translate
from jutong.web.door import Visit, page, step
from jutong.web.intake.grid import edits, grid, text_of
from jutong.web.paging import paged

_SHOWN = {
    "attention": (Outcome.ERROR, Outcome.NEW, Outcome.CHANGED),
    "error": (Outcome.ERROR,),
    "new": (Outcome.NEW,),
    "changed": (Outcome.CHANGED,),
    "same": (Outcome.SAME,),
    "drafted": (Outcome.DRAFTED,),
    "dismissed": (Outcome.DISMISSED,),
    "all": (),
}
SIZE = 50


@dataclass(frozen=True)
class Chip:
    """One choice of which rows are shown."""

    key: str
    label: str
    count: int


@page(Permission.INTAKE_BATCH_VIEW)
def detail(visit: Visit, batch_id: UUID) -> HttpResponseBase:
    """Show a batch; while something works on it, its progress."""
    return show(visit, queries.batch(visit.actor, batch_id))


def show(visit: Visit, batch: Batch, problem: JutongError | None = None) -> HttpResponse:
    """Render the page of a batch, or its moving part, with the error of a refused step."""
    counts = defaultdict(int, batch.counts)
    ready = counts[Outcome.NEW] + counts[Outcome.CHANGED]
    bad = counts[Outcome.ERROR]
    chosen = visit.request.GET.get("show", "")
    view = chosen if chosen in _SHOWN else "attention" if bad or counts["warned"] else "all"
    context = {
        "batch": batch,
        "here": f"/manage/imports/{batch.id}",
        "counts": counts,
        "ready": ready,
        "bad": bad,
        "is_running": batch.state in RUNNING,
        "is_open": batch.state in {BatchState.READY, BatchState.DRAFTED},
        "is_file": batch.kind == BatchKind.FILE,
        "may_make": has(visit.actor, Permission.INTAKE_BATCH_MAKE),
        "step": _step(batch, counts),
        "failure": told(batch.problem),
        "problem": problem,
        "view": view,
    }
    if context["is_open"]:
        context |= _rows(visit, batch, view, counts)
    template = "intake/batch_part.html" if visit.is_partial else "intake/batch.html"
    return visit.render(template, context, status=problem.http_status if problem else 200)


def _step(batch: Batch, counts: defaultdict[str, int]) -> int:
    if batch.state in {BatchState.RECEIVED, BatchState.FAILED, BatchState.CANCELLED}:
        return 1
    return 3 if batch.state in {BatchState.DRAFTING, BatchState.DRAFTED} or counts[Outcome.DRAFTED] else 2


def _rows(visit: Visit, batch: Batch, view: str, counts: defaultdict[str, int]) -> dict[str, object]:
    key = visit.request.GET.get("problem", "")
    rows = queries.proposals(visit.actor, batch, outcomes=_SHOWN[view])
    if key:
        rows = queries.with_problem(rows, key)
    elif view == "attention":
        rows = rows.exclude(findings=[])
    by_problem = view in {"attention", "error"} and not key and counts[Outcome.ERROR] > queries.MOST_ROWS
    found = queries.problems(visit.actor, batch) if view in {"attention", "error"} else []
    shown = paged(visit, rows, SIZE) if not by_problem else None
    left = queries.proposals(visit.actor, batch).exclude(left={})
    return {
        "problems": found,
        "asked": next((row for row in found if row.key == key), None),
        "by_problem": by_problem,
        "page": shown,
        "grid": grid(batch, shown.rows) if shown and view in {"attention", "error"} else None,
        "lines": _lines(shown.rows) if shown and view not in {"attention", "error"} else [],
        "chips": _chips(counts),
        "left": [(row, told(row.left)) for row in left[: queries.SAMPLES]],
        "left_count": left.count(),
        "attachable": len(queries.attachable(visit.actor, batch)),
    }


def _lines(rows: object) -> list[dict[str, object]]:
    shown: list[Proposal] = list(rows)  # type: ignore[call-overload]  # a page's rows
    then = queries.before([row for row in shown if row.outcome in {Outcome.CHANGED, Outcome.ERROR}])
    return [
        {
            "row": row,
            "changes": len(queries.differences_of(row, then.get(row.id))) if row.outcome == Outcome.CHANGED else 0,
            "cycle": text_of(row, "update_cycle"),
            "attribute": text_of(row, "share_attribute"),
            "grade": text_of(row, "grade"),
        }
        for row in shown
    ]


def _chips(counts: defaultdict[str, int]) -> list[Chip]:
    chips = [Chip("attention", _("要改和提醒"), counts[Outcome.ERROR] + counts["warned"])]
    named = (
        (Outcome.ERROR, _("只看要改")),
        (Outcome.NEW, _("将新增")),
        (Outcome.CHANGED, _("将修改")),
        (Outcome.SAME, _("没有变化")),
        (Outcome.DRAFTED, _("已生成草稿")),
        (Outcome.DISMISSED, _("不要了")),
    )
    chips += [Chip(outcome.value, label, counts[outcome]) for outcome, label in named if counts[outcome]]
    total = sum(counts[outcome] for outcome in Outcome)
    return [*chips, Chip("all", _("全部"), total)]


def told(kept: dict[str, object]) -> tuple[str, str] | None:
    """Return a kept error's sentence and next step in the language in use."""
    if not kept:
        return None
    language, fields = get_language() or "zh-hans", kept["fields"]
    sentences = (translate(str(kept[name]), language) for name in ("message", "next_step"))
    said = [sentence.format(**fields) if isinstance(fields, dict) else sentence for sentence in sentences]
    return said[0], said[1]


def _take(visit: Visit, batch_id: UUID, act: Callable[[Batch], str]) -> HttpResponse:
    batch = queries.batch(visit.actor, batch_id)
    try:
        said = act(batch)
    except JutongError as problem:
        return show(visit, queries.batch(visit.actor, batch_id), problem)
    query = visit.request.POST.get("back", "")
    to = f"/manage/imports/{batch_id}" + (query if query.startswith("?") else "")
    return visit.done(said, to) if said else HttpResponseRedirect(to)


@step(Permission.INTAKE_BATCH_MAKE)
def fix(visit: Visit, batch_id: UUID) -> HttpResponseBase:
    """Take what was typed at the cells and judge those rows again."""
    typed: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for name, text in visit.request.POST.items():
        mark, line, place = ([*name.split("_", 2), "", ""])[:3]
        if mark == "c" and line.isdigit() and place:
            typed[int(line)][place] = str(text)

    def act(batch: Batch) -> str:
        rows = queries.proposals(visit.actor, batch).filter(line__in=list(typed)[: 10 * SIZE])
        changed = {row.id: found for row in rows if (found := edits(row, typed[row.line]))}
        if not changed:
            actions.check_again(batch=batch, by=visit.actor, now=visit.now)
            return ""
        done = actions.fix(batch=batch, edits=changed, by=visit.actor, now=visit.now)
        bad = done.counts.get(Outcome.ERROR, 0)
        return ngettext("改了%(n)d行，", "改了%(n)d行，", len(changed)) % {"n": len(changed)} + (
            _("还有%(bad)s行要改") % {"bad": bad} if bad else _("没有要改的行了")
        )

    return _take(visit, batch_id, act)


@step(Permission.INTAKE_BATCH_MAKE)
def fix_all(visit: Visit, batch_id: UUID) -> HttpResponseBase:
    """Put one value in the place of one problem in every row that has it."""

    def act(batch: Batch) -> str:
        key, text = visit.request.POST.get("key", ""), visit.request.POST.get("text", "")
        if "dismiss" in visit.request.POST:
            count = actions.dismiss_group(batch=batch, key=key, by=visit.actor, now=visit.now)
            return _("%(n)s行不导入") % {"n": count}
        count = actions.fix_group(batch=batch, key=key, text=text, by=visit.actor, now=visit.now)
        return _("已改%(n)s行") % {"n": count}

    return _take(visit, batch_id, act)


@step(Permission.INTAKE_BATCH_MAKE)
def check(visit: Visit, batch_id: UUID) -> HttpResponseBase:
    """Check every row once more."""

    def act(batch: Batch) -> str:
        actions.check_again(batch=batch, by=visit.actor, now=visit.now)
        return ""

    return _take(visit, batch_id, act)


@step(Permission.CATALOG_ENTRY_EDIT)
def drafts(visit: Visit, batch_id: UUID) -> HttpResponseBase:
    """Have drafts made of what may be imported; the rest stays."""

    def act(batch: Batch) -> str:
        actions.ask_drafts(batch=batch, by=visit.actor, now=visit.now)
        return ""

    return _take(visit, batch_id, act)


@step(Permission.CATALOG_ENTRY_BIND)
def attach(visit: Visit, batch_id: UUID) -> HttpResponseBase:
    """Bind what is published by now to the tables it was described from."""

    def act(batch: Batch) -> str:
        done = actions.attach(batch=batch, by=visit.actor, now=visit.now)
        refused = [row for row in done if row.problem]
        if refused and refused[0].problem and len(refused) == len(done):
            raise refused[0].problem
        said = _("已挂接%(n)s条") % {"n": len(done) - len(refused)}
        return said + (_("，没挂上%(n)s条") % {"n": len(refused)} if refused else "")

    return _take(visit, batch_id, act)


@step(Permission.INTAKE_BATCH_MAKE)
def cancel(visit: Visit, batch_id: UUID) -> HttpResponseBase:
    """Stop, or put the batch away."""

    def act(batch: Batch) -> str:
        actions.cancel(batch=batch, by=visit.actor, now=visit.now)
        return _("已停止")

    return _take(visit, batch_id, act)


@page(Permission.INTAKE_BATCH_VIEW)
def row(visit: Visit, batch_id: UUID, line: int) -> HttpResponseBase:
    """Show one proposal whole: what it says, what it changes, why each grade was suggested."""
    batch = queries.batch(visit.actor, batch_id)
    found = queries.proposal(visit.actor, batch, line)
    fields, items = queries.after(found)
    reasons = found.origin.get("reasons", {})
    context = {
        "batch": batch,
        "here": f"/manage/imports/{batch.id}",
        "row": found,
        "fields": fields,
        "shown": [(name, text_of(found, name)) for name in _SUMMARY],
        "labels": {name: _(label_of(name)) for name in _SUMMARY},
        "types": {code: _(label) for code, label in choices("data_type", of_item=True).items()},
        "grades": {code: _(label) for code, label in choices("grade").items()},
        "items": [(item, [_reason(why) for why in reasons.get(item.name, ())]) for item in items],
        "reasons": [_reason(why) for why in reasons.get("", ())],
        "grid": grid(batch, [found]),
        "changes": queries.differences_of(found, queries.before([found]).get(found.id)),
        "left": told(found.left),
        "may_make": has(visit.actor, Permission.INTAKE_BATCH_MAKE) and found.outcome not in _DONE,
    }
    return visit.render("intake/row.html", context)


_DONE = {Outcome.DRAFTED, Outcome.DISMISSED}
_SUMMARY = (
    "summary", "classification", "domain", "data_format", "update_cycle", "share_attribute", "share_way", "share_scope",
    "share_purpose", "grade", "is_open", "not_secret",
)  # fmt: skip


def _reason(kept: dict[str, object]) -> str:
    language, fields = get_language() or "zh-hans", kept["fields"]
    values = {name: translate(str(text), language) for name, text in fields.items()} if isinstance(fields, dict) else {}
    return translate(str(kept["sentence"]), language).format(**values)


@step(Permission.INTAKE_BATCH_MAKE)
def dismiss(visit: Visit, batch_id: UUID, line: int) -> HttpResponseBase:
    """Put one row away."""

    def act(batch: Batch) -> str:
        actions.dismiss(batch=batch, lines=[line], by=visit.actor, now=visit.now)
        return _("这一行不导入")

    return _take(visit, batch_id, act)
