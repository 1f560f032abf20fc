"""The nightly look of a node at everything it moved: taken on record, told where something differs, and shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from jutong.center.audit import actions as audit
from jutong.center.fleet.models import Node, Source
from jutong.center.jobs.checks import CheckState, TargetCheck
from jutong.center.jobs.models import Job
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.paging import Page, newest_first
from jutong.center.sharing.models import Notice
from jutong.contracts.receipts import ReconciledReceipt, TableCheck
from jutong.kernel.i18n import gettext_noop

DIFFERS_NOTICE = gettext_noop("目标表 {target} 夜间核对不一致，请查看核对记录并与运维核实。")


@dataclass(frozen=True)
class Tables:
    """How many tables an actor may see stand how, by the newest look at each."""

    same: int
    differs: int
    unreadable: int


@transaction.atomic
def reconciled(*, node: Node, receipt: ReconciledReceipt, by: Actor, now: datetime) -> str:
    """Take a node's word on what it found at night. Returns why part of it changed nothing, or nothing."""
    codes = Source.objects.filter(node=node).values_list("organisation__code", flat=True)
    owners = {row.code: row for row in Organisation.objects.filter(code__in=set(codes))}
    strange = [check for check in receipt.checks if check.organisation_code not in owners]
    fresh = 0
    for check in receipt.checks:
        owner = owners.get(check.organisation_code)
        fresh += owner is not None and _taken(node, receipt, check, owner, now=now)
    states = [check.state for check in receipt.checks]
    if fresh:
        audit.record(
            event="jobs:target:check", by=by, now=now, subject_kind="node", subject_id=node.name,
            subject_label=node.name, run=receipt.run_id, tables=len(states),
            differs=states.count("differs"), unreadable=states.count("unreadable"),
        )  # fmt: skip
    return f"{len(strange)} tables belong to no department of this node" if strange else ""


def _taken(node: Node, receipt: ReconciledReceipt, check: TableCheck, owner: Organisation, *, now: datetime) -> bool:
    before = TargetCheck.objects.select_for_update().filter(organisation=owner, target=check.target, newest=True)
    known = before.first()
    if known is not None and (str(known.run_id) == receipt.run_id or known.checked_at > _at(receipt.finished_ms)):
        return False
    before.update(newest=False)
    job = _job(check, owner)
    TargetCheck.objects.create(
        run_id=UUID(receipt.run_id), node=node.name, organisation=owner, target=check.target[:128], job=job,
        state=CheckState(check.state), rows=_told(check.rows), expected_rows=_told(check.expected_rows),
        source_rows=_told(check.source_rows), digest=check.digest[:80], expected=check.expected[:80],
        delta_version=_told(check.delta_version), problem=check.problem[:200],
        checked_at=_at(receipt.finished_ms), leaf_index=_told(receipt.leaf_index),
    )  # fmt: skip
    if check.state != "same" and (known is None or known.state == CheckState.SAME):
        Notice.objects.create(
            organisation=owner, role=Role.STEWARD, text=DIFFERS_NOTICE, fields={"target": check.target[:128]},
            link="/jobs/checks", at=now,
        )  # fmt: skip
    return True


def _job(check: TableCheck, owner: Organisation) -> Job | None:
    """Return the job that last wrote the table; where rows put right by hand were added since, the last that moved."""
    jobs = Job.objects.filter(entry__organisation=owner)
    try:
        found = jobs.filter(id=UUID(check.job_id)).first()
    except ValueError:
        found = None
    return found or jobs.filter(target=check.target, delta_version__isnull=False).first()


def _told(number: int) -> int | None:
    return number if number >= 0 else None


def _at(moment_ms: int) -> datetime:
    return datetime.fromtimestamp(moment_ms / 1000, UTC)


def _readable(actor: Actor) -> QuerySet[TargetCheck]:
    org.require(actor, Permission.JOBS_JOB_VIEW)
    rows = TargetCheck.objects.filter(newest=True).select_related("organisation", "job__entry")
    if actor.role == Role.SYSTEM_ADMIN:
        return rows
    rule = Q(organisation_id=actor.organisation_id or org.NOBODY)
    if actor.role == Role.AUTHORITY:
        rule |= Q(organisation__division_code=actor.division_code)
    return rows.filter(rule)


def checks(actor: Actor, *, state: str = "", after: str = "", limit: int = 20) -> Page[TargetCheck]:
    """Return the newest look at every table of the actor's department, for the authority of its division.

    Args:
        actor: who asks.
        state: only those found so.
        after: a page's ``next``.
        limit: of rows.
    """
    rows = _readable(actor)
    if state:
        rows = rows.filter(state=state)
    return newest_first(rows, "checked_at", after=after, limit=limit)


def tables(actor: Actor) -> Tables:
    """Return how many tables stand how."""
    counted = dict(_readable(actor).order_by().values_list("state").annotate(Count("id")))
    return Tables(*(counted.get(state, 0) for state in (CheckState.SAME, CheckState.DIFFERS, CheckState.UNREADABLE)))
