"""A dry look: what a transfer would do if it ran now, from what the catalog and the node have told. No row is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Binding
from jutong.center.clocks.queries import calendar
from jutong.center.fleet.models import Source
from jutong.center.jobs.models import Job, JobState
from jutong.center.jobs.ordering import checked, expected_rows, where
from jutong.center.jobs.proposing import source_columns
from jutong.center.jobs.runs import NODE_SILENT
from jutong.center.jobs.schedule import Schedule, turns
from jutong.center.jobs.transfer import Transfer
from jutong.center.jobs.work import Work
from jutong.contracts.steps import origins
from jutong.kernel.errors import JutongError

SHOWN_TURNS = 5


@dataclass(frozen=True)
class Look:
    """What a transfer would do.

    Attributes:
        refusal: why it cannot be switched on as it stands, if so.
        warnings: what may go wrong.
        columns: each column that lands, with those of the source it is made of.
        rows: how many the table is known to have.
        seconds: how long the last good run of the entry took, if one did.
        turns: when it would run next.
        where: the place it lands in.
    """

    refusal: JutongError | None
    warnings: list[str | Promise]
    columns: list[tuple[str, str]]
    rows: int | None
    seconds: float | None
    turns: list[datetime]
    where: str


def look(transfer: Transfer, now: datetime) -> Look:
    """Return what a transfer would do if it ran now."""
    work, schedule = Work.read(transfer.work), Schedule.model_validate(transfer.schedule)
    refusal, columns, warnings, rows = None, [], [], None
    try:
        binding, source, bound = checked(transfer.entry, work)
    except JutongError as error:
        refusal = error
    else:
        columns = [(name, "、".join(read)) for name, read in origins(bound, work.steps).items()]
        warnings, rows = list(_warnings(binding, source, bound, work, now)), expected_rows(binding)
    upcoming = turns(schedule, after=now, calendar=calendar())
    return Look(
        refusal, warnings, columns, rows, _seconds(transfer), list(islice(upcoming, SHOWN_TURNS)),
        where(transfer.entry, work),
    )  # fmt: skip


def _warnings(
    binding: Binding, source: Source, bound: tuple[str, ...], work: Work, now: datetime
) -> Iterator[str | Promise]:
    if not source.is_ok:
        yield format_lazy(_("数据源现在连不上：{problem}"), problem=source.problem)
    if source.node.seen_at is None or source.node.seen_at < now - NODE_SILENT:
        yield _("节点很久没有消息，要等它恢复才会运行。")
    listed = {column.name for column in source_columns(binding)}
    if missing := [name for name in bound if name not in listed]:
        yield format_lazy(_("来源表里已经没有这些列：{columns}"), columns="、".join(missing))
    if work.into is not None:
        yield from _of_landing(source, work)
    if not work.rules:
        yield _("没有一条规则：不管什么内容都会写进目标。")


def _of_landing(source: Source, work: Work) -> Iterator[str | Promise]:
    assert work.into is not None  # noqa: S101 - asked for by the caller
    landing = Source.objects.filter(node=source.node, name=work.into.source).first()
    if landing is not None and not landing.is_ok:
        yield format_lazy(_("目标数据库现在连不上：{problem}"), problem=landing.problem)
    if landing is not None and work.into.schema_name not in landing.writes:
        yield format_lazy(
            _("节点没有允许写进“{schema}”，运行时会被拒绝：请节点运维人员把它写进sources.json的writes。"),
            schema=work.into.schema_name,
        )


def _seconds(transfer: Transfer) -> float | None:
    done = Job.objects.filter(entry=transfer.entry_id, state=JobState.DONE, started_at__isnull=False, is_dry=False)
    last = done.order_by("-ordered_at").first()
    if last is None or last.finished_at is None or last.started_at is None:
        return None
    return (last.finished_at - last.started_at).total_seconds()
