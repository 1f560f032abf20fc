"""One step for many versions as a run: in chunks, each its own transaction, so that it shows progress and survives.

``done`` counts targets whose outcome is kept; both change in the transaction of the chunk. A run that was killed goes
on where it was, and no step is taken twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import override
from procrastinate.contrib.django import app

from jutong.center.audit.actions import record
from jutong.center.catalog.actions.assessing import Assessed, assess_many, assessment_findings
from jutong.center.catalog.actions.draft import discard_many
from jutong.center.catalog.actions.many import Outcome
from jutong.center.catalog.actions.review import coded_findings, publish_many, return_many
from jutong.center.catalog.actions.submission import consent_many, decline_many, reason_findings, submit_many
from jutong.center.catalog.enums import AssessmentKind, BatchStep, Event, RunState
from jutong.center.catalog.errors import BatchEmptyError, BatchTooLargeError
from jutong.center.catalog.findings import Finding, refuse
from jutong.center.catalog.life import BatchOutcome, BatchRun
from jutong.center.catalog.rules import permission_for
from jutong.center.org.actor import Actor
from jutong.center.org.models import Post
from jutong.center.org.queries import NOBODY, actor_for, own_organisation, require
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError, JutongError

CHUNK = 200
"""Versions of one transaction; a run of no more is over before the answer leaves."""
MOST = 5000
TASK = "run-batch"
SHOWN_PROBLEMS = 3
EVENTS = {
    BatchStep.ASSESS: Event.ASSESS,
    BatchStep.CONSENT: Event.CONSENT,
    BatchStep.DECLINE: Event.DECLINE,
    BatchStep.SUBMIT: Event.SUBMIT,
    BatchStep.PUBLISH: Event.PUBLISH,
    BatchStep.RETURN: Event.RETURN,
    BatchStep.DISCARD: Event.DISCARD,
}
"""The step of the table that a batch takes; what it needs is read there."""
_Step = Callable[[Sequence[UUID], Mapping[str, Any], Actor, datetime], list[Outcome]]
_STEPS: dict[BatchStep, _Step] = {
    BatchStep.ASSESS: lambda ids, terms, by, now: assess_many(ids=ids, found=assessed(terms), by=by, now=now),
    BatchStep.CONSENT: lambda ids, _, by, now: consent_many(ids=ids, by=by, now=now),
    BatchStep.DECLINE: lambda ids, terms, by, now: decline_many(ids=ids, reason=terms["reason"], by=by, now=now),
    BatchStep.SUBMIT: lambda ids, _, by, now: submit_many(ids=ids, by=by, now=now),
    BatchStep.PUBLISH: lambda ids, _, by, now: publish_many(ids=ids, by=by, now=now),
    BatchStep.RETURN: lambda ids, terms, by, now: return_many(
        ids=ids, code=terms["code"], reason=terms["reason"], by=by, now=now
    ),
    BatchStep.DISCARD: lambda ids, _, by, now: discard_many(ids=ids, by=by, now=now),
}


@transaction.atomic
def start_run(
    *, step: str, ids: Iterable[UUID], by: Actor, now: datetime, terms: Mapping[str, Any] | None = None
) -> BatchRun:
    """Begin to take a step for many versions; ``carry_on`` takes it, a chunk at a time.

    Args:
        step: a value of ``BatchStep``.
        ids: of the versions, at most ``MOST``.
        by: who takes it; the run acts in this person's post to the end.
        now: when.
        terms: what is said of all: ``found`` for assessments (rows as ``Assessed``), ``reason`` and ``code``.

    Raises:
        BatchEmptyError: if nothing is chosen.
        BatchTooLargeError: if too much is.
        InvalidInputError: for what is wrong with the terms.
        ForbiddenError: if the post does not carry the step's permission.
    """
    which = BatchStep(step)
    require(by, permission_for(EVENTS[which]))
    targets = list(dict.fromkeys(ids))
    if not targets:
        raise BatchEmptyError(step=which.label)
    if len(targets) > MOST:
        raise BatchTooLargeError(most=MOST, found=len(targets))
    kept = dict(terms or {})
    refuse(_bad_terms(which, kept, civil_date(now)))
    run = BatchRun.objects.create(
        step=which,
        terms=kept,
        targets=targets,
        total=len(targets),
        organisation=own_organisation(by),
        post_id=by.post_id or NOBODY,
        created_at=now,
    )
    _record("start", run, by, now, total=run.total)
    if run.total > CHUNK:
        app.configure_task(TASK).defer(run_id=str(run.id))
    return run


def finish_small(*, run: BatchRun, now: datetime) -> None:
    """Take the step for a run of one chunk before the answer leaves.

    A longer run is the worker's from its first chunk on: it finds a run somebody holds and lets it be, so a door that
    held it for a moment would leave it lying until the next scan.
    """
    if run.total <= CHUNK:
        carry_on(run_id=run.id, now=now)


def assessed(terms: Mapping[str, Any]) -> list[Assessed]:
    """Return the assessments of a run's terms; days are ISO dates there."""
    return [
        Assessed(
            kind=AssessmentKind(row["kind"]).value,
            passed=bool(row["passed"]),
            conclusion=row["conclusion"],
            assessed_by=row["assessed_by"],
            assessed_on=date.fromisoformat(row["assessed_on"]),
        )
        for row in terms.get("found", [])
    ]


def _bad_terms(step: BatchStep, terms: Mapping[str, Any], today: date) -> list[Finding]:
    if step == BatchStep.ASSESS:
        return assessment_findings(assessed(terms), today)
    if step == BatchStep.DECLINE:
        return reason_findings(terms.get("reason", ""))
    if step == BatchStep.RETURN:
        return coded_findings(terms.get("code", ""), terms.get("reason", ""))
    return []


@transaction.atomic
def carry_on(*, run_id: UUID, now: datetime) -> bool:
    """Take the step for the next chunk of a run. Returns whether more is to do; a run somebody holds is let be.

    The step is taken in the post of whoever began the run, as it stands now: if the post ended, nothing more happens
    and every version left says so.
    """
    run = (
        BatchRun.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("post__user", "post__organisation", "organisation")
        .filter(id=run_id)
        .exclude(state=RunState.DONE)
        .first()
    )
    if run is None:
        return False
    chunk = run.targets[run.done : run.done + CHUNK]
    outcomes = _take(run, run.post, chunk, now)
    _keep(run, outcomes)
    run.state = RunState.DONE if run.done >= run.total else RunState.RUNNING
    run.finished_at = now if run.state == RunState.DONE else None
    run.save(update_fields=["done", "succeeded", "failed", "state", "finished_at"])
    return run.state != RunState.DONE


def _take(run: BatchRun, post: Post, chunk: Sequence[UUID], now: datetime) -> list[Outcome]:
    try:
        with transaction.atomic():
            return _STEPS[BatchStep(run.step)](chunk, run.terms, actor_for(post), now)
    except JutongError as problem:
        return [Outcome(target, "", "", "", problem) for target in chunk]


def _keep(run: BatchRun, outcomes: Sequence[Outcome]) -> None:
    BatchOutcome.objects.bulk_create(
        [
            BatchOutcome(
                run=run,
                position=position,
                version_id=row.version_id,
                entry_code=row.code,
                name=row.name,
                state=row.state,
                is_done=row.problem is None,
                problem=told(row.problem) if row.problem else {},
            )
            for position, row in enumerate(outcomes, start=run.done + 1)
        ]
    )
    well = sum(row.problem is None for row in outcomes)
    run.done += len(outcomes)
    run.succeeded += well
    run.failed += len(outcomes) - well


def told(problem: JutongError) -> dict[str, str]:
    """Return a refusal in both languages, for a reader who comes later; at most three findings are spelt out."""
    made = {"code": problem.code}
    for key, language in (("zh", "zh-hans"), ("en", "en")):
        with override(language):
            made[key] = problem.explain(language)
            made[f"{key}_next"] = problem.advise(language)
    if isinstance(problem, InvalidInputError):
        rows = problem.fields["problems"][:SHOWN_PROBLEMS]
        made["fields"] = "、".join(str(row.get("place", "")) for row in rows)
    return made


def _record(verb: str, run: BatchRun, by: Actor, now: datetime, **details: object) -> None:
    record(
        event=f"catalog:batch:{verb}",
        by=by,
        now=now,
        subject_kind="catalog-batch",
        subject_id=run.id,
        subject_label=str(BatchStep(run.step).value),
        step=run.step,
        **details,
    )
