"""What follows from time and from receipts: turns are taken, logs written, people told, and others run after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.timezone import localtime

from jutong.center.catalog.models import Binding
from jutong.center.clocks.queries import calendar
from jutong.center.fleet.models import Source
from jutong.center.jobs.arriving import PLAN
from jutong.center.jobs.errors import JobRunningError
from jutong.center.jobs.models import Job, JobCause, JobNews, JobPhase, JobState
from jutong.center.jobs.ordering import OPEN, issue_job
from jutong.center.jobs.schedule import Schedule, next_turn
from jutong.center.jobs.transfer import Transfer, TransferState
from jutong.center.jobs.transfers import plan, record
from jutong.center.jobs.work import Work
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop

MOST_NEWS = 200
"""Lines of one job's log; what follows is in the figures."""
MOST_TURNS = 200
NODE_SILENT = timedelta(minutes=15)
"""A node that gave no sign for so long is ordered nothing by itself, so that one run waits for it and not many."""
ENDED = frozenset((JobState.DONE, JobState.FAILED, JobState.CANCELLED))

FAILED_NOTICE = gettext_noop("交换任务“{name}”运行失败：{problem}")
UNORDERED_NOTICE = gettext_noop("交换任务“{name}”到点没有下达：{problem}")
LOG_NOTICE = gettext_noop(
    "交换任务“{name}”跟得太慢：来源最多保留的日志已过去{percent}%，再慢就会丢失；请缩短周期，或请数据库管理员多留日志。"
)
LOG_PERMILLE = 500
"""From here on people are told that a source's log may be gone before it is read."""
LATE_NOTICE = gettext_noop("交换任务“{name}”的数据没有按约定更新，应在{due}前更新。")
SILENT_PROBLEM = gettext_noop("节点很久没有消息，等它恢复后再下达。")
_LONGEST_TOLD = 200

_PHASES = {
    JobPhase.QUEUED: gettext_noop("在节点上排队，等空出位置。"),
    JobPhase.HOURS: gettext_noop("现在不在允许读取的时段，到时自动继续。"),
    JobPhase.RETRY: gettext_noop("来源暂时不通，稍后自动再试（已试{tries}次）：{problem}"),
    JobPhase.PLANNING: gettext_noop("核对来源表的字段和类型。"),
    JobPhase.READING: gettext_noop("开始读取来源表。"),
    JobPhase.CHECKING: gettext_noop("已读{read}行，回读写下的内容，与读到的比对。"),
    JobPhase.COMMITTING: gettext_noop("比对一致，提交。"),
}
_CHUNK = gettext_noop("完成第{done}段（共{chunks}段），已读{read}行，隔离{aside}行。")
_PAUSED_AT_ONCE = gettext_noop("已暂停，还没有完成的段，继续时从头读起。")
_STATES = {
    JobState.PAUSED: gettext_noop("已暂停，完成的{done}段保留。"),
    JobState.DONE: gettext_noop("完成：读出{read}行，写入{written}行，隔离{aside}行，略过{skipped}行，两边指纹一致。"),
    JobState.FAILED: gettext_noop("失败：{problem}"),
    JobState.CANCELLED: gettext_noop("已取消，目标保持原来的内容。"),
}
_TRIED = gettext_noop("试运行完成：看了{read}行，会写入{written}行，隔离{aside}行，略过{skipped}行；没有写入任何一行。")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stood before a receipt."""

    state: str
    phase: str
    chunks_done: int
    tries: int

    @classmethod
    def of(cls, job: Job) -> Standing:
        """Return how it stands now."""
        return cls(job.state, job.phase, job.chunks_done, job.tries)


def heard(job: Job, before: Standing, *, by: Actor, now: datetime) -> None:
    """Write what is new into the job's log, and let a transfer whose run has ended follow from it."""
    lines = [JobNews(job=job, at=now, text=text, fields=_fields(job)) for text in _said(job, before)]
    if lines and JobNews.objects.filter(job=job).count() < MOST_NEWS:
        JobNews.objects.bulk_create(lines)
    if job.transfer_id is not None and job.state in ENDED:
        transfer = Transfer.objects.select_for_update(of=("self",)).select_related("entry").get(id=job.transfer_id)
        _settle(transfer, job, by, now)


def _said(job: Job, before: Standing) -> Iterator[str]:
    if job.chunks > 1 and job.chunks_done > before.chunks_done and job.state not in ENDED:
        yield _CHUNK
    if (job.phase, job.tries) != (before.phase, before.tries) and job.phase in _PHASES:
        yield _PHASES[JobPhase(job.phase)]
    if job.state == before.state or job.state not in _STATES:
        return
    if job.is_dry and job.state == JobState.DONE:
        yield _TRIED
        return
    yield _PAUSED_AT_ONCE if job.state == JobState.PAUSED and not job.chunks_done else _STATES[JobState(job.state)]


def _fields(job: Job) -> dict[str, Any]:
    return {
        "read": job.rows_read or 0, "written": job.rows_written or 0, "aside": job.rows_quarantined or 0,
        "skipped": job.rows_skipped or 0, "done": job.chunks_done, "chunks": job.chunks, "tries": job.tries,
        "problem": job.problem,
    }  # fmt: skip


def _settle(transfer: Transfer, job: Job, by: Actor, now: datetime) -> None:
    if job.state == JobState.DONE:
        transfer.fresh_at, transfer.problem = max(filter(None, (transfer.fresh_at, job.ordered_at))), ""
        planned = transfer.next_at
        plan(transfer, now)
        transfer.next_at = planned
        transfer.save()
        _warn_of_log(transfer, job, now)
        for follower in transfer.followers.select_for_update(of=("self",)).filter(state=TransferState.ON):
            order_run(follower, JobCause.AFTER, by=by, now=now)
    elif job.state == JobState.FAILED and not _failed_before(job):
        _tell(transfer, FAILED_NOTICE, now, problem=job.problem[:_LONGEST_TOLD], link=f"/jobs/{job.id}")


def _warn_of_log(transfer: Transfer, job: Job, now: datetime) -> None:
    """Tell that a job had let pass much of what its source keeps of its log, once until one keeps up again."""
    used = int(job.merged.get("log_permille", 0))
    done = Job.objects.filter(transfer=transfer, state=JobState.DONE, ordered_at__lt=job.ordered_at)
    last = done.order_by("-ordered_at", "-id").values_list("merged", flat=True).first() or {}
    if used >= LOG_PERMILLE > int(last.get("log_permille", 0)):
        _tell(transfer, LOG_NOTICE, now, percent=str(used // 10), link=f"/jobs/{job.id}")


def _failed_before(job: Job) -> bool:
    """Tell whether the run before failed too; people are told of the first only."""
    earlier = Job.objects.filter(transfer=job.transfer, state__in=ENDED, ordered_at__lt=job.ordered_at)
    last = earlier.order_by("-ordered_at", "-id").values_list("state", flat=True).first()
    return last == JobState.FAILED


def _tell(transfer: Transfer, text: str, now: datetime, *, link: str = "", **fields: str) -> None:
    Notice.objects.create(
        organisation_id=transfer.entry.organisation_id, role=Role.STEWARD, text=text,
        fields={"name": transfer.name, **fields}, link=link or f"/transfers/{transfer.id}", at=now,
    )  # fmt: skip


def run_due(*, by: Actor, now: datetime) -> int:
    """Order the runs whose turn has come, those of higher priority first. Returns how many were ordered.

    A turn that fell while its last run is still under way is left out. What waits for another job of its entry, or for
    a silent node, is tried again.
    """
    due = Transfer.objects.filter(state=TransferState.ON, next_at__lte=now).order_by("-priority", "next_at", "id")
    return sum(_take_turn(transfer_id, by, now) for transfer_id in list(due.values_list("id", flat=True)[:MOST_TURNS]))


@transaction.atomic
def _take_turn(transfer_id: UUID, by: Actor, now: datetime) -> bool:
    rows = Transfer.objects.select_for_update(of=("self",), skip_locked=True).select_related("entry")
    transfer = rows.filter(id=transfer_id, state=TransferState.ON, next_at__lte=now).first()
    if transfer is None:
        return False
    if _is_node_silent(transfer, now):
        transfer.problem = SILENT_PROBLEM
        transfer.save(update_fields=["problem"])
        return False
    schedule = Schedule.model_validate(transfer.schedule)
    upcoming = next_turn(schedule, after=now, calendar=calendar())
    if Job.objects.filter(transfer=transfer, state__in=OPEN).exists():
        if schedule.kind == PLAN:
            return False  # the files that came meanwhile are moved when it has ended
        transfer.next_at = upcoming
        transfer.save(update_fields=["next_at"])
        return False
    other = JobCause.ARRIVAL if schedule.kind == PLAN else JobCause.AFTER
    return order_run(transfer, JobCause.SCHEDULE if schedule.is_timed else other, by=by, now=now, upcoming=upcoming)


def _is_node_silent(transfer: Transfer, now: datetime) -> bool:
    bound = Binding.objects.filter(entry_id=transfer.entry_id, ended_at=None).values("source")
    source = Source.objects.filter(name__in=bound).select_related("node").first()
    return source is not None and source.node.seen_at is not None and source.node.seen_at < now - NODE_SILENT


def order_run(transfer: Transfer, cause: str, *, by: Actor, now: datetime, upcoming: datetime | None = None) -> bool:
    """Order a run of a locked transfer; what refuses it is kept with the transfer and told once.

    One that has to wait for another job of its entry is tried again at the next look. Returns whether it was ordered.
    """
    before, transfer.problem, transfer.next_at = transfer.problem, "", upcoming
    try:
        with transaction.atomic():
            issue_job(
                entry=transfer.entry, work=Work.read(transfer.work), by=by, now=now, transfer=transfer, cause=cause
            )
    except JobRunningError:
        transfer.next_at = now  # another job of the entry is at work; the next look tries again
    except JutongError as error:
        transfer.problem = error.explain()[:500]
        record("jobs:transfer:miss", transfer, by, now, problem=error.code)
        if transfer.problem != before:
            _tell(transfer, UNORDERED_NOTICE, now, problem=transfer.problem[:_LONGEST_TOLD])
    transfer.save(update_fields=["next_at", "problem"])
    return transfer.problem == "" and transfer.next_at == upcoming


@transaction.atomic
def tell_late(*, by: Actor, now: datetime) -> int:
    """Tell departments of transfers whose data is older than promised, once each. Returns how many."""
    late = Transfer.objects.select_for_update(of=("self",), skip_locked=True).select_related("entry")
    rows = list(late.filter(state=TransferState.ON, due_at__lt=now, late_at=None).order_by("due_at")[:MOST_TURNS])
    for transfer in rows:
        transfer.late_at = now
        transfer.save(update_fields=["late_at"])
        due = transfer.due_at or now
        _tell(transfer, LATE_NOTICE, now, due=f"{localtime(due):%Y-%m-%d %H:%M}")
        record("jobs:transfer:late", transfer, by, now, due=due.isoformat())
    return len(rows)
