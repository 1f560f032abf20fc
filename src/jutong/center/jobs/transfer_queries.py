"""交换任务 as people see them: how each does, when it runs next, how fresh its data is, and what needs somebody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.jobs.models import Job, JobState
from jutong.center.jobs.ordering import OPEN
from jutong.center.jobs.queries import readable_jobs
from jutong.center.jobs.runs import ENDED
from jutong.center.jobs.schedule import Schedule
from jutong.center.jobs.transfer import Transfer, TransferState, TransferVersion
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.sharing.queries.tasks import Task, TaskKind, Text
from jutong.kernel.errors import NotFoundError

SHOWN_RUNS = 14
"""Runs of a transfer whose ends are drawn beside it."""
CAP = 200


class Health(models.TextChoices):
    """How a transfer does, in one word; the first that fits."""

    DRAFT = "draft", _("草稿")
    OFF = "off", _("停用")
    RUNNING = "running", _("正在运行")
    FAILED = "failed", _("上次失败")
    PROBLEM = "problem", _("没有下达")
    UNKNOWN = "unknown", _("状态不明")
    LATE = "late", _("数据过期")
    ASIDE = "aside", _("有隔离行")
    NEW = "new", _("还没有运行")
    GOOD = "good", _("正常")


TROUBLED = frozenset((Health.FAILED, Health.PROBLEM, Health.UNKNOWN, Health.LATE))
"""What somebody has to look at."""


@dataclass(frozen=True)
class TransferView:
    """A transfer with its newest runs, the newest first."""

    transfer: Transfer
    runs: Sequence[Job]
    health: Health

    @property
    def last(self) -> Job | None:
        """The newest run."""
        return self.runs[0] if self.runs else None

    @property
    def plan(self) -> str:
        """When it runs, in words."""
        return Schedule.model_validate(self.transfer.schedule).words

    @property
    def strip(self) -> list[str]:
        """One mark a run, the oldest first: ``f`` failed, ``w`` with rows set aside or not known, empty well."""
        return [_mark(job) for job in reversed(self.runs) if job.state not in OPEN]

    @property
    def well(self) -> int:
        """How many of the runs drawn ended well."""
        return sum(job.state == JobState.DONE for job in self.runs)


def _mark(job: Job) -> str:
    if job.state == JobState.FAILED:
        return "f"
    return "w" if job.rows_quarantined or job.state != JobState.DONE else ""


def readable(actor: Actor) -> QuerySet[Transfer]:
    """Return the transfers of the actor's department; the authority's division's; all for who runs the platform."""
    org.require(actor, Permission.JOBS_JOB_VIEW)
    rows = Transfer.objects.select_related("entry__organisation", "follows", "state_by", "created_by")
    if actor.role == Role.SYSTEM_ADMIN:
        return rows
    rule = Q(entry__organisation_id=actor.organisation_id or org.NOBODY)
    if actor.role == Role.AUTHORITY:
        rule |= Q(entry__organisation__division_code=actor.division_code)
    return rows.filter(rule)


def _newest(*, ended: bool) -> QuerySet[Job]:
    rows = Job.objects.filter(transfer=OuterRef("id")).order_by("-ordered_at", "-id")
    return rows.filter(state__in=ENDED) if ended else rows


def _with_last(rows: QuerySet[Transfer]) -> QuerySet[Transfer]:
    """Add how the newest run stands, and how the newest that ended did."""
    return rows.annotate(
        last_state=Subquery(_newest(ended=False).values("state")[:1]),
        last_end=Subquery(_newest(ended=True).values("state")[:1]),
    )


_ON = Q(state=TransferState.ON)
_TROUBLE = _ON & (
    Q(late_at__isnull=False) | ~Q(problem="") | Q(last_end=JobState.FAILED) | Q(last_state=JobState.UNKNOWN)
)
_PARTS = {
    "trouble": _TROUBLE,
    "running": Q(last_state__in=OPEN),
    "draft": Q(state=TransferState.DRAFT),
    "off": Q(state=TransferState.OFF),
}


def transfers(actor: Actor, *, show: str = "", words: str = "", entry_code: str = "") -> QuerySet[Transfer]:
    """Return transfers to page through: those in trouble first, those switched off last.

    Args:
        actor: who asks.
        show: ``trouble``, ``running``, ``draft``, ``off``, or empty for every one.
        words: part of its name or of its entry's code.
        entry_code: of one entry only.
    """
    rows = _with_last(readable(actor))
    wanted = _PARTS.get(show, Q())
    if words:
        wanted &= Q(name__icontains=words) | Q(entry__code__icontains=words)
    if entry_code:
        wanted &= Q(entry__code=entry_code)
    rank = Case(When(_TROUBLE, then=Value(0)), When(_ON, then=Value(1)), default=Value(2))
    return rows.filter(wanted).annotate(rank=rank).order_by("rank", F("next_at").asc(nulls_last=True), "name", "id")


def views(actor: Actor, rows: Iterable[Transfer], now: datetime) -> list[TransferView]:
    """Return transfers with their newest runs, read together."""
    listed = list(rows)
    drawn = readable_jobs(actor).filter(transfer__in=[row.id for row in listed])
    place = Window(RowNumber(), partition_by=[F("transfer_id")], order_by=[F("ordered_at").desc(), F("id").desc()])
    found: dict[UUID | None, list[Job]] = defaultdict(list)
    for job in drawn.annotate(place=place).filter(place__lte=SHOWN_RUNS).order_by("-ordered_at", "-id"):
        found[job.transfer_id].append(job)
    return [TransferView(row, found[row.id], health(row, found[row.id], now)) for row in listed]


def health(transfer: Transfer, runs: Sequence[Job], now: datetime) -> Health:
    """Return how a transfer does; ``runs`` are its newest, the newest first."""
    if transfer.state != TransferState.ON:
        return Health(transfer.state)
    last = runs[0] if runs else None
    state = last.state if last else ""
    signs = (
        (state in OPEN, Health.RUNNING),
        (state == JobState.FAILED, Health.FAILED),
        (bool(transfer.problem), Health.PROBLEM),
        (state == JobState.UNKNOWN, Health.UNKNOWN),
        (transfer.due_at is not None and transfer.due_at < now, Health.LATE),
        (last is None, Health.NEW),
        (last is not None and bool(last.rows_quarantined), Health.ASIDE),
    )
    return next((found for sign, found in signs if sign), Health.GOOD)


def transfer(actor: Actor, transfer_id: UUID | str) -> Transfer:
    """Return one transfer.

    Raises:
        NotFoundError: if there is none the actor may see.
    """
    found = readable(actor).filter(id=org.as_uuid(transfer_id)).first()
    if found is None:
        raise NotFoundError(what=str(transfer_id))
    return found


def versions(actor: Actor, transfer_id: UUID | str) -> list[TransferVersion]:
    """Return what a transfer said, the newest first.

    Raises:
        NotFoundError: if there is none the actor may see.
    """
    return list(transfer(actor, transfer_id).versions.select_related("made_by"))


def counts(actor: Actor) -> dict[str, int]:
    """Return how many transfers each part of the list holds, and how many there are in ``all``."""
    parts = {show: Count("id", filter=part) for show, part in _PARTS.items()}
    return _with_last(readable(actor).order_by()).aggregate(all=Count("id"), **parts)


def to_repair(actor: Actor, now: datetime) -> list[Task]:
    """Return the own department's transfers that are late, were not ordered or failed."""
    rows = transfers(actor, show="trouble").filter(entry__organisation_id=actor.organisation_id or org.NOBODY)
    return [
        Task(
            kind=TaskKind.TRANSFER_REPAIR, title=row.name, number=row.entry.code, subject_id=str(row.id),
            organisation=row.entry.organisation.short_name, person="", note=_note(row), link=f"/transfers/{row.id}",
            since=row.late_at or row.fresh_at or row.state_at,
        )
        for row in rows[:CAP]
    ]  # fmt: skip


def _note(row: Transfer) -> Text:
    if row.problem:
        return format_lazy(_("没有下达：{problem}"), problem=row.problem)
    if getattr(row, "last_end", "") == JobState.FAILED:
        return _("上次运行失败")
    return _("数据没有按约定更新") if row.late_at else _("节点没有说上次运行的结果")
