"""Ordering checks by hand, taking what they counted, and lending the right to look at the rows behind a count."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.fleet import actions as fleet
from jutong.center.library import steps
from jutong.center.library.models import FeedRow, FeedState, LibraryTable, Work, WorkCause, WorkState
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.quality.actions.findings import follow
from jutong.center.quality.actions.stewards import take_trial
from jutong.center.quality.deriving import field_of
from jutong.center.quality.errors import NothingToCheckError, RowsNotReachableError
from jutong.center.quality.models import CheckedTable, QualityRun, RuleFigure, StewardRule
from jutong.center.quality.orders import order_of
from jutong.center.quality.words import sentence
from jutong.contracts.envelope import Envelope
from jutong.contracts.quality import OF_TABLE, CheckOrder, CheckResult, QualityTicketOrder
from jutong.kernel.canonical import canonical_json
from jutong.kernel.errors import NotFoundError
from jutong.standards.quality import Counted, Score, scheme, score

ACCESS_DAYS = timedelta(days=30)
"""The stretch over which it is counted whether the table could be read."""


@dataclass(frozen=True)
class RowsTicket:
    """A sealed ticket and the gateway it is for."""

    ticket: Envelope
    gateway_url: str


@transaction.atomic
def check_again(*, checked: CheckedTable, by: Actor, now: datetime) -> Work:
    """Have a table checked now.

    Raises:
        NotFoundError: if another department answers for it.
        NothingToCheckError: if it has no rows yet.
    """
    org.require(by, Permission.QUALITY_TABLE_CHECK)
    if checked.organisation_id != by.organisation_id and not org.has(by, Permission.QUALITY_FINDING_ACCEPT):
        raise NotFoundError(what=str(checked.id))
    work = steps.take("check", checked.table, feed=checked.feed, by=by, now=now, cause=WorkCause.HAND)
    if work is None:
        raise NothingToCheckError(table=checked.title)
    audit.record(
        event="quality:table:check", by=by, now=now, subject_kind="checked-table", subject_id=checked.id,
        subject_label=checked.title, work=str(work.id),
    )  # fmt: skip
    return work


def take_check(work: Work, result: dict[str, Any], by: Actor, now: datetime) -> None:
    """Take what a check counted, in the transaction of the node's receipt: a run, its score, and what follows."""
    found = CheckResult.model_validate_json(canonical_json(result))
    trial = StewardRule.objects.select_for_update().filter(trial=work).first()
    if trial is not None:
        take_trial(trial, found, by, now)
        return
    table = LibraryTable.objects.filter(library=work.library_id, name=work.table).first()
    if table is None or QualityRun.objects.filter(work=work).exists():
        return
    checked = checked_table(table, work.feed)
    order = CheckOrder.model_validate_json(canonical_json(work.body))
    run = _write_run(checked, work, order, found, now)
    follow(checked, run, order, by, now)
    audit.record(
        event="quality:table:score", by=by, now=now, subject_kind="checked-table", subject_id=checked.id,
        subject_label=checked.title, rows=run.rows, score=run.score, version=run.delta_version,
        failing=sum(count.failed > 0 for count in found.counts),
    )  # fmt: skip


def checked_table(table: LibraryTable, feed: FeedRow | None) -> CheckedTable:
    """Return the table as it is checked, written down the first time."""
    title = f"{table.title} · {feed.organisation.short_name}" if feed else table.title
    found, _ = CheckedTable.objects.select_for_update().get_or_create(
        table=table, feed=feed, defaults={"organisation": _answers_for(table, feed), "title": title[:200]}
    )
    return found


def _answers_for(table: LibraryTable, feed: FeedRow | None) -> Organisation:
    """A register is its department's; a library's table that of its owner's role, else of whoever feeds it first."""
    if feed is not None:
        return feed.organisation
    feeds = FeedRow.objects.filter(table__library=table.library_id, state=FeedState.ON).select_related("organisation")
    owner = feeds.filter(role=table.owner).order_by("confirmed_at", "id").first()
    authority = Organisation.objects.filter(is_authority=True, closed_at=None).order_by("code").first()
    found = owner.organisation if owner else authority
    if found is None:
        found = feeds.earliest("proposed_at").organisation
    return found


def _write_run(checked: CheckedTable, work: Work, order: CheckOrder, found: CheckResult, now: datetime) -> QualityRun:
    by_id = {rule.id: rule for rule in order.rules}
    counts = [(by_id[count.rule], count) for count in found.counts if count.rule in by_id]
    way = scheme()
    scored = score(
        [Counted(rule.kind, count.evaluated, count.failed) for rule, count in counts], _readable(work, now), way
    )
    checked.runs.filter(newest=True).update(newest=False)
    whole = scored.score if scored.score >= 0 else None
    run = QualityRun.objects.create(
        checked=checked, work=work, delta_version=found.version, rows=found.rows, engine=found.engine[:80],
        took_ms=found.took_ms, committed_at=datetime.fromtimestamp(found.committed_ms / 1000, UTC), checked_at=now,
        order=order.model_copy(update={"rows_before": -1, "profile_before": ()}).model_dump(mode="json"),
        profile=[one.model_dump(mode="json") for one in found.profile], dimensions=opened(scored),
        score=whole, scheme=way.version,
    )  # fmt: skip
    elements = {field.name: field.element for field in order.fields}
    RuleFigure.objects.bulk_create(
        RuleFigure(
            run=run, rule=rule.id, kind=rule.kind, field=field_of(rule), element=elements.get(field_of(rule), ""),
            indicator=way.by_rule[rule.kind].code, position=position, evaluated=count.evaluated, failed=count.failed,
            exact=count.exact,
        )
        for position, (rule, count) in enumerate(counts)
    )  # fmt: skip
    checked.rows, checked.score, checked.checked_at = found.rows, whole, now
    checked.save(update_fields=["rows", "score", "checked_at"])
    return run


def opened(scored: Score) -> list[dict[str, Any]]:
    """Return a score as it is kept: every dimension with its indicators, A, B and score."""
    return [
        {
            "code": row.dimension.code,
            "weight": row.dimension.weight,
            "score": row.score,
            "indicators": [
                {"code": one.indicator.code, "weight": one.indicator.weight, "a": one.a, "b": one.b, "score": one.score}
                for one in row.indicators
            ],
        }
        for row in scored.dimensions
    ]


def _readable(work: Work, now: datetime) -> tuple[int, int]:
    """Return how many of the checks of the last days could read the table, of how many that ended by themselves."""
    ended = Work.objects.filter(
        kind="check", library=work.library_id, table=work.table, feed=work.feed_id, tried_rule=None,
        ordered_at__gte=now - ACCESS_DAYS, state__in=(WorkState.DONE, WorkState.FAILED),
    ).exclude(id=work.id)  # fmt: skip
    done = ended.filter(state=WorkState.DONE).count() + 1
    failed = ended.filter(state=WorkState.FAILED, problem_code__startswith="library.").count()
    return done, done + failed


@transaction.atomic
def open_rows(*, run: QualityRun, rule: str, by: Actor, now: datetime) -> RowsTicket:
    """Let somebody of the department see, at the node and masked by grade, the rows that break a rule.

    Raises:
        NotFoundError: if another department answers for the table, or the run asked no such rule.
        RowsNotReachableError: if the rule counts no rows, or no node can be reached by a browser.
    """
    org.require(by, Permission.QUALITY_ROWS_OPEN)
    checked = run.checked
    if checked.organisation_id != by.organisation_id:
        raise NotFoundError(what=str(checked.id))
    order = order_of(run)
    asked = next((one for one in order.rules if one.id == rule), None)
    if asked is None:
        raise NotFoundError(what=rule)
    node = checked.table.library.node
    if asked.kind in OF_TABLE or not node.gateway_url:
        raise RowsNotReachableError(rule=rule)
    assert by.organisation_id is not None  # noqa: S101 - it is the table's
    body = QualityTicketOrder(
        title=checked.title, check=order.model_copy(update={"rules": (asked,), "version": run.delta_version}),
        said=sentence(asked.model_dump(mode="json"), {field.name: field.title for field in order.fields})[:400],
        shown=scheme().rows_shown, revealed=scheme().rows_revealed,
        official=by.username, post=by.role, organisation_code=checked.organisation.code,
        valid_until_ms=int((now + fleet.TICKET_LIFE).timestamp() * 1000), nonce=secrets.token_urlsafe(18),
    )  # fmt: skip
    ticket = fleet.seal_ticket(node=node, kind="quality-ticket", body=body, subject_id=checked.id, by=by, now=now)
    return RowsTicket(ticket, node.gateway_url)
