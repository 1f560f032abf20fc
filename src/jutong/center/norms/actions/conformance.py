"""Conformance runs: the executable norms over an entry, a department's entries, or a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from jutong.center.audit import actions as audit
from jutong.center.catalog.changes import tell
from jutong.center.catalog.enums import ChangeKind
from jutong.center.catalog.models import Binding, Entry
from jutong.center.fleet.models import Source
from jutong.center.intake.models import SourceProfile
from jutong.center.norms.conformance import NormFinding, Outcome, evaluate, summed
from jutong.center.norms.enums import RunKind
from jutong.center.norms.models import ConformanceRun
from jutong.center.norms.reading import entry_subject, table_subject, world
from jutong.center.norms.subject import World
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError
from jutong.standards import norms as standard

MOST_FINDINGS = 5000
"""Findings kept of one run; the counts per rule are always whole."""
_CHUNK = 500
_KEPT_RUNS = 20
"""Runs kept of one subject; the newest tell its course."""


@transaction.atomic
def run_entry(*, entry: Entry, by: Actor, now: datetime) -> ConformanceRun:
    """Run the norms over an entry's published version and write its score on the entry.

    Raises:
        NotFoundError: if it is not published or not the actor's to rate.
        ForbiddenError: if the post does not run norms.
    """
    org.require(by, Permission.NORMS_CONFORMANCE_RUN)
    found = _entries(Entry.objects.filter(id=entry.id)).select_for_update(of=("self",)).first()
    if found is None or not _may_rate(found.organisation, by):
        raise NotFoundError(what=entry.code)
    outcome = _rate(found, world(), _entry_rules(now))
    run = _keep(
        RunKind.ENTRY, found.code, label=found.published_name, organisation=found.organisation,
        outcomes=[(found.code, outcome)], by=by, now=now,
    )  # fmt: skip
    _write([(found, outcome)], now)
    return run


def run_organisation(*, organisation: Organisation, by: Actor, now: datetime) -> ConformanceRun:
    """Run the norms over everything a department has published; each entry gets its score, the department the mean.

    Entries are rated in chunks, each in a transaction of its own, so that nobody waits for the whole.

    Raises:
        NotFoundError: if the department is not the actor's to rate.
        ForbiddenError: if the post does not run norms.
    """
    org.require(by, Permission.NORMS_CONFORMANCE_RUN)
    if not _may_rate(organisation, by):
        raise NotFoundError(what=organisation.code)
    around, rules = world(), _entry_rules(now)
    outcomes: list[tuple[str, Outcome]] = []
    ids = list(Entry.objects.filter(organisation=organisation, published__isnull=False).values_list("id", flat=True))
    for start in range(0, len(ids), _CHUNK):
        with transaction.atomic():
            chunk = _entries(Entry.objects.filter(id__in=ids[start : start + _CHUNK])).order_by("code")
            rated = [(entry, _rate(entry, around, rules)) for entry in chunk.select_for_update(of=("self",))]
            _write(rated, now)
        outcomes.extend((entry.code, outcome) for entry, outcome in rated)
    with transaction.atomic():
        return _keep(
            RunKind.ORGANISATION, organisation.code, label=organisation.name, organisation=organisation,
            outcomes=outcomes, by=by, now=now,
        )  # fmt: skip


@transaction.atomic
def run_table(*, source: Source, schema_name: str, table: str, by: Actor, now: datetime) -> ConformanceRun:
    """Run the norms over a table as its node described and sampled it; no row is read.

    Raises:
        NotFoundError: if the source does not list the table or is not the actor's to rate.
        ForbiddenError: if the post does not run norms.
    """
    org.require(by, Permission.NORMS_CONFORMANCE_RUN)
    owner = Organisation.objects.get(id=source.organisation_id)
    wanted = (schema_name, table)
    found = next((row for row in source.tables if (row.get("schema_name", ""), row["name"]) == wanted), None)
    if found is None or not _may_rate(owner, by):
        raise NotFoundError(what=f"{source.name} {schema_name}.{table}")
    profile = SourceProfile.objects.filter(source=source, schema_name=schema_name, table=table, ok=True).first()
    counts = {"sampled": profile.sampled, "columns": profile.columns} if profile else None
    outcome = evaluate(table_subject(found, counts), world(), standard.in_force("table", civil_date(now)))
    subject = ".".join(filter(None, (source.name, schema_name, table)))
    label = found.get("comment") or table
    return _keep(
        RunKind.TABLE, subject, label=label, organisation=owner, outcomes=[("", outcome)], by=by, now=now
    )  # fmt: skip


def rate_new(*, by: Actor, now: datetime, most: int = 500) -> int:
    """Rate published entries that have no score yet, a bounded share a call. Returns how many."""
    org.require(by, Permission.NORMS_CONFORMANCE_RUN)
    around, rules = world(), _entry_rules(now)
    with transaction.atomic():
        waiting = _entries(Entry.objects.filter(quality=None)).order_by("code")
        chunk = list(waiting.select_for_update(of=("self",), skip_locked=True)[:most])
        rated = [(entry, _rate(entry, around, rules)) for entry in chunk]
        _write(rated, now)
    return sum(outcome.score is not None for _, outcome in rated)


def run_all(*, by: Actor, now: datetime) -> int:
    """Run the norms over every department that has published anything, as the platform does at night."""
    org.require(by, Permission.NORMS_CONFORMANCE_RUN)
    owners = Organisation.objects.filter(entries__published__isnull=False, closed_at=None).distinct().order_by("code")
    for owner in owners:
        run_organisation(organisation=owner, by=by, now=now)
    return len(owners)


def _entry_rules(now: datetime) -> tuple[standard.Norm, ...]:
    return standard.in_force("entry", civil_date(now))


def _entries(found: QuerySet[Entry]) -> QuerySet[Entry]:
    """Return published entries with everything rules look at."""
    return (
        found.filter(published__isnull=False)
        .select_related("organisation", "published")
        .prefetch_related("published__items", Prefetch("bindings", Binding.objects.filter(ended_at=None)))
    )


def _may_rate(organisation: Organisation, by: Actor) -> bool:
    if by.is_platform or organisation.id == by.organisation_id:
        return True
    return by.role == Role.AUTHORITY and organisation.division_code == by.division_code


def _rate(entry: Entry, around: World, rules: Sequence[standard.Norm]) -> Outcome:
    version = entry.published
    assert version is not None  # noqa: S101 - only published entries are asked for
    return evaluate(entry_subject(version, next(iter(entry.bindings.all()), None)), around, rules)


def _write(rated: Iterable[tuple[Entry, Outcome]], now: datetime) -> None:
    """Put scores on entries; the feed is told of those that changed."""
    changed = []
    for entry, outcome in rated:
        if outcome.score is not None and entry.quality != outcome.score:
            entry.quality = outcome.score
            changed.append(entry)
    Entry.objects.bulk_update(changed, ["quality"])
    tell(changed, ChangeKind.RATED, now)


def _keep(
    kind: RunKind, subject: str, *, label: str, organisation: Organisation, outcomes: list[tuple[str, Outcome]],
    by: Actor, now: datetime,
) -> ConformanceRun:  # fmt: skip
    scores = [outcome.score for _, outcome in outcomes if outcome.score is not None]
    findings = [
        _told(code, finding) for code, outcome in outcomes for finding in outcome.findings
    ]  # fmt: skip
    run = ConformanceRun.objects.create(
        kind=kind, subject=subject, subject_label=label[:200], organisation=organisation,
        score=sum(scores) // len(scores) if scores else None, entries=len(outcomes),
        rules=[asdict(row) for row in summed(outcome for _, outcome in outcomes)],
        findings=findings[:MOST_FINDINGS], edition=standard.version(), by="" if by.is_platform else by.name, at=now,
    )  # fmt: skip
    older = ConformanceRun.objects.filter(kind=kind, subject=subject).order_by("-at", "-id")[_KEPT_RUNS:]
    ConformanceRun.objects.filter(id__in=list(older.values_list("id", flat=True))).delete()
    audit.record(
        event="norms:run:finish", by=by, now=now, subject_kind="conformance-run", subject_id=run.id,
        subject_label=run.subject_label, kind=kind.value, score=run.score, findings=len(findings),
    )  # fmt: skip
    return run


def _told(code: str, finding: NormFinding) -> dict[str, Any]:
    return {**asdict(finding), "entry": code}
