"""The page of one job: how far it is, how fast, how long still, what it set aside, and its log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from jutong.center.jobs import control as controls
from jutong.center.jobs import queries
from jutong.center.jobs.control import Action, control_job, possible
from jutong.center.jobs.models import Job, JobPhase, JobState, Replay
from jutong.center.jobs.ordering import item_names
from jutong.center.jobs.runs import ENDED
from jutong.center.org.models import User
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.errors import InvalidInputError, JutongError
from jutong.web.door import Visit, page, step
from jutong.web.jobs.ways import ways_of
from jutong.web.jobs.words import count_told

SHOWN_NEWS = 40
SHOWN_REPLAYS = 5
FILES = {
    "read": gettext_lazy("已读"),
    "same": gettext_lazy("与另一个文件内容相同，没有再搬"),
    "earlier": gettext_lazy("以前的作业搬过，没有再搬"),
    "written": gettext_lazy("写出"),
}
MOST_CELLS = 40
"""Cells of the bar of chunks; more chunks than that share a cell."""
ENOUGH = 0.99
"""As full as the bar gets before the node says that it is done."""
TONES = {
    JobState.DONE: "ok",
    JobState.FAILED: "bad",
    JobState.UNKNOWN: "warn",
    JobState.PAUSED: "wait",
    JobState.WAITING: "wait",
    JobState.CANCELLED: "idle",
}
STAGES = (
    ("ordered", gettext_lazy("下达")),
    (JobPhase.PLANNING, gettext_lazy("核对表结构")),
    (JobPhase.READING, gettext_lazy("读取和写入")),
    (JobPhase.CHECKING, gettext_lazy("回读核对")),
    (JobPhase.COMMITTING, gettext_lazy("提交")),
    ("receipt", gettext_lazy("回执")),
)
_ACTIONS = {
    "pause": (gettext_lazy("暂停"), "pause", ""),
    "resume": (gettext_lazy("继续"), "play", "btn-primary"),
    "cancel": (gettext_lazy("取消"), "x", "btn-danger"),
}
_ASKED = {
    "pause": gettext_lazy("已请节点暂停，完成的段会保留"),
    "resume": gettext_lazy("已请节点继续"),
    "cancel": gettext_lazy("已请节点取消，目标保持原样"),
}


@dataclass(frozen=True)
class Progress:
    """How far a job is."""

    job: Job

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come."""
        return self.job.state in ENDED

    @property
    def mark(self) -> str:
        """What changes whenever the page would."""
        heard = self.job.heard_at.timestamp() if self.job.heard_at else 0
        return f"{self.job.state}-{heard:.3f}"

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return TONES.get(JobState(self.job.state), "run")

    @property
    def read(self) -> int:
        """Rows read so far."""
        return self.job.rows_read or 0

    @property
    def expected(self) -> int:
        """How many rows the table is known to have; 0 where that is not known, or has turned out too low."""
        known = self.job.expected_rows or 0
        return known if known >= self.read else 0

    @property
    def share(self) -> float | None:
        """How much is done, from 0 to 1; None where the size is not known."""
        if self.job.state == JobState.DONE:
            return 1.0
        if self.job.chunks > 1 and not self.expected:
            return min(self.job.chunks_done / self.job.chunks, ENOUGH)
        return min(self.read / self.expected, ENOUGH) if self.expected else None

    @property
    def percent(self) -> int | None:
        """The share in percent."""
        return None if self.share is None else int(self.share * 100)

    @property
    def rate(self) -> int:
        """Rows a second: of the last report, or over the whole of an ended job."""
        if self.job.state == JobState.RUNNING and self.job.rows_per_second:
            return self.job.rows_per_second
        took = self.took
        return int(self.read / took.total_seconds()) if took and took.total_seconds() > 0 else 0

    @property
    def took(self) -> timedelta | None:
        """How long it has been at work."""
        until = self.job.finished_at or self.job.heard_at
        return until - self.job.started_at if self.job.started_at and until else None

    @property
    def left(self) -> str:
        """How long still, in words; empty where nobody can say."""
        took = self.took
        if self.job.state != JobState.RUNNING or not took or not 0 < self.read < self.expected:
            return ""
        # By the pace of the whole so far: reading, and reading back, go by turns at quite different rates.
        return length_told(took * (self.expected - self.read) / self.read)

    @property
    def cells(self) -> list[str]:
        """One mark per chunk: ``u`` finished, empty to come; chunks share a cell where there are many."""
        if self.job.chunks <= 1:
            return []
        count = min(self.job.chunks, MOST_CELLS)
        done = self.job.chunks_done * count // self.job.chunks
        return ["u"] * done + [""] * (count - done)

    @property
    def stages(self) -> list[tuple[Any, str]]:
        """Each stage with its state: done, now or to come."""
        names = [name for name, _label in STAGES]
        now = names.index(self.job.phase) if self.job.phase in names else 2 if self.read else 0
        if self.job.state == JobState.DONE:
            now = len(names)
        states = ["done" if place < now else "now" if place == now and not self.is_over else "" for place in range(6)]
        return [(label, state) for (_name, label), state in zip(STAGES, states, strict=True)]


def length_told(length: timedelta | None) -> str:
    """Say a length of time in the two largest units that matter."""
    if length is None:
        return ""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:  # noqa: PLR2004 - a minute
        return _("%(s)s秒") % {"s": seconds}
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return _("%(m)s分%(s)s秒") % {"m": minutes, "s": seconds}
    hours, minutes = divmod(minutes, 60)
    return _("%(h)s小时%(m)s分") % {"h": hours, "m": minutes}


@page(Permission.JOBS_JOB_VIEW)
def detail(visit: Visit, job_id: str) -> HttpResponseBase:
    """Show one job."""
    return show(visit, queries.job(visit.actor, job_id))


@page(Permission.JOBS_JOB_VIEW)
def progress(visit: Visit, job_id: str) -> HttpResponseBase:
    """Return the part that moves; nothing where nothing has changed since ``seen``."""
    job = queries.job(visit.actor, job_id)
    if visit.is_partial and visit.request.GET.get("seen") == Progress(job).mark:
        return HttpResponse(status=204)
    if visit.is_partial:
        return visit.render("jobs/progress.html", _context(visit, job))
    return show(visit, job)


def show(visit: Visit, job: Job, problem: JutongError | None = None) -> HttpResponse:
    """Render the page of a job, with the error of a refused step."""
    context = {**_context(visit, job), "ways": ways_of(job), "names": item_names(job.entry), "problem": problem}
    return visit.render("jobs/job.html", context, status=problem.http_status if problem else 200)


def _context(visit: Visit, job: Job) -> dict[str, Any]:
    found = Progress(job)
    own = job.entry.organisation_id == visit.actor.organisation_id and has(visit.actor, Permission.JOBS_JOB_ORDER)
    language = get_language() or "zh-hans"
    return {
        "job": job,
        "progress": found,
        "took": length_told(found.took),
        "stages": found.stages,
        "controls": [(action, *_ACTIONS[action]) for action in possible(job)] if own else [],
        "broken": [count_told(count) for count in job.rule_counts if count["rows"]],
        "news": [(line.at, line.told(language)) for line in queries.log(job, limit=SHOWN_NEWS)],
        "replays": replays_told(job, SHOWN_REPLAYS),
        "files": [{**file, "told": FILES.get(file["state"], file["state"])} for file in job.files],
        "may_repair": own and bool(job.rows_quarantined) and found.is_over,
    }


def replays_told(job: Job, most: int) -> list[tuple[Replay, str]]:
    """Return the newest replays, each with the name of who made it; by command it is the account on the node."""
    rows = list(job.replays.all()[:most])
    names = dict(User.objects.filter(username__in={row.official for row in rows}).values_list("username", "name"))
    return [(row, names.get(row.official) or row.official) for row in rows]


@step(Permission.JOBS_JOB_ORDER)
def control(visit: Visit, job_id: str) -> HttpResponseBase:
    """Ask the node to pause a job, let it go on or end it."""
    job = queries.job(visit.actor, job_id)
    asked = visit.request.POST.get("action", "")
    try:
        action: Action = _action(asked)
        control_job(job=job, action=action, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return show(visit, queries.job(visit.actor, job_id), problem)
    return visit.done(str(_ASKED[action]), f"/jobs/{job.id}")


def _action(asked: str) -> Action:
    found: Action | None = next((one for one in get_args(controls.Action) if one == asked), None)
    if found is None:
        row = {"field": "action", "found": asked[:20], "message": _("请选暂停、继续或取消"), "clause": ""}
        raise InvalidInputError(problems=[row])
    return found
