"""Rows that a move set aside: a ticket to put them right at the node, and what the node says came of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.fleet import actions as fleet
from jutong.center.fleet import queries as fleet_queries
from jutong.center.jobs.errors import NothingAsideError
from jutong.center.jobs.models import Job, Replay
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.contracts.envelope import Envelope
from jutong.contracts.orders import RepairTicketOrder
from jutong.contracts.receipts import ReplayedReceipt
from jutong.kernel.errors import NotFoundError


@dataclass(frozen=True)
class RepairTicket:
    """A sealed ticket and the gateway it is for."""

    ticket: Envelope
    gateway_url: str


@transaction.atomic
def open_quarantine(*, job: Job, by: Actor, now: datetime) -> RepairTicket:
    """Let a steward of the holder see and put right, at the node, the rows a job set aside. No row comes here.

    Raises:
        NotFoundError: if the job is another organisation's.
        NothingAsideError: if the job set nothing aside, or no node can be reached by a browser.
    """
    org.require(by, Permission.JOBS_QUARANTINE_REPAIR)
    if job.entry.organisation_id != by.organisation_id:
        raise NotFoundError(what=str(job.id))
    node = fleet_queries.node_of(kind="job", subject_id=job.id)
    counted = sum(int(count["rows"]) for count in job.rule_counts if count["action"] != "warn")
    if node is None or not node.gateway_url or not (job.rows_quarantined or counted):
        raise NothingAsideError(job=str(job.id))
    body = RepairTicketOrder(
        job_id=str(job.id),
        official=by.username,
        post=by.role,
        organisation_code=job.entry.organisation.code,
        valid_until_ms=int((now + fleet.TICKET_LIFE).timestamp() * 1000),
        nonce=secrets.token_urlsafe(18),
    )
    ticket = fleet.seal_ticket(node=node, kind="repair-ticket", body=body, subject_id=job.id, by=by, now=now)
    return RepairTicket(ticket, node.gateway_url)


@transaction.atomic
def job_replayed(*, receipt: ReplayedReceipt, by: Actor, now: datetime) -> str:
    """Take a node's word on rows that were put right and added. Returns why it changed nothing, or nothing."""
    job = Job.objects.select_for_update().get(id=UUID(receipt.job_id))
    _, fresh = Replay.objects.get_or_create(
        job=job, number=receipt.number,
        defaults={
            "rows": receipt.rows, "left": receipt.left, "dropped": receipt.dropped, "digest": receipt.digest[:80],
            "delta_version": receipt.delta_version, "official": receipt.official[:150],
            "replayed_at": datetime.fromtimestamp(receipt.time_ms / 1000, UTC), "leaf_index": receipt.leaf_index,
        },
    )  # fmt: skip
    if not fresh:
        return f"replay {receipt.number} of job {job.id} is known"
    audit.record(
        event="jobs:job:replay", by=by, now=now, subject_kind="job", subject_id=job.id, subject_label=job.target,
        number=receipt.number, rows=receipt.rows, left=receipt.left, dropped=receipt.dropped,
        official=receipt.official,
    )  # fmt: skip
    return ""
