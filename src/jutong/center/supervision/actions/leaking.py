"""A file found outside, told by its fingerprint whom it was made for: a suspicion of R3, not yet a finding of guilt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.jobs.models import Job, JobState
from jutong.center.jobs.queries import readable_jobs
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, as_uuid, has, require
from jutong.center.sharing.compile import agreement_of
from jutong.center.sharing.models import Grant, Violation
from jutong.center.supervision.actions import _common as common
from jutong.center.supervision.actions.finding import Evidence, Finding, open_case
from jutong.center.supervision.errors import OwnReportError, ReportedTwiceError
from jutong.center.supervision.models import Case
from jutong.center.usage import queries as usage
from jutong.center.usage.models import Access
from jutong.kernel.clock import BEIJING
from jutong.kernel.errors import InvalidInputError, NotFoundError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.violations import offences

CODE = "R3"
DETECTOR = "fingerprint"
CERTAIN = 6.0
"""Standard deviations from chance below which an order of rows tells nobody's copy; the node's own limit."""
LEAKED = gettext_noop("{where}发现的文件，经行序指纹辨认，是{time}依授权{grant}提供给{who}的。")


@dataclass(frozen=True, slots=True)
class Leak:
    """What ``jutong evidence fingerprint`` told of a file: the call or move it is of, and how certain that is."""

    record_id: str
    file_sha256: str
    compared: int
    right: int
    score: float
    same_bytes: bool


@transaction.atomic
def report_leak(*, leak: Leak, where: str, by: Actor, now: datetime) -> Case:
    """Write down the suspicion that a recipient gave a file on (条例 40(3)), with what shows it; it is heard first.

    Args:
        leak: what the node of the file told.
        where: where the file was found, at most 2000 characters.
        by: somebody of the department that gave the file or of its authority, or the platform.
        now: when.

    Raises:
        NotFoundError: if there is no such answered call for a file, or done move, that the reporter may see.
        OwnReportError: by the recipient itself.
        ReportedTwiceError: if this file is on record.
        InvalidInputError: for a fingerprint that is not certain, a digest that is none, or no place.
        ForbiddenError: if the post does not report.
    """
    require(by, Permission.SHARING_VIOLATION_RECORD if by.is_platform else Permission.SUPERVISION_VIOLATION_REPORT)
    _check(leak)
    clean = common.require_text(where)
    call = _given(leak.record_id, by)
    if call.requester_code == by.organisation_code:
        raise OwnReportError
    recipient = Organisation.objects.get(code=call.requester_code)
    subject = f"{call.grant_id}:{leak.file_sha256[:16]}"
    violation, fresh = Violation.objects.get_or_create(
        code=CODE, subject_kind="grant", subject_id=subject,
        defaults={
            "clause": offences()[CODE].clause, "organisation": recipient, "subject_label": call.grant_number,
            "found_at": now,
        },
    )  # fmt: skip
    if not fresh:
        raise ReportedTwiceError(who=recipient.short_name, number=violation.case.number)
    reporter = None if by.is_platform else (by.user_id or NOBODY, by.organisation_id or NOBODY)
    return open_case(violation, _finding(call, leak, recipient, subject, clean), by, now, reporter=reporter)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a leaked copy was: the answer to a call for a file, or a run of a transfer with a fingerprint."""

    record_id: str
    at: datetime
    entry_name: str
    rows: int
    grant_id: object
    grant_number: str
    requester_code: str
    link: str
    kind: str


def _given(record_id: str, by: Actor) -> _Given:
    moved = _moved(record_id, by)
    if moved is not None:
        return moved
    call = _call(record_id, by)
    return _Given(
        call.record_id, call.at, call.entry_name, call.rows, call.grant_id, call.grant_number, call.requester_code,
        f"/audit/{call.record_id}", "access",
    )  # fmt: skip


def _moved(record_id: str, by: Actor) -> _Given | None:
    """Return the run a copy comes from, and the newest grant of the agreement it was made for."""
    if not by.is_platform and not has(by, Permission.JOBS_JOB_VIEW):
        return None
    rows = Job.objects.select_related("entry") if by.is_platform else readable_jobs(by)
    job = rows.filter(id=as_uuid(record_id), state=JobState.DONE).first()
    if job is None:
        return None
    agreement = (job.work.get("fingerprint") or {}).get("agreement", "")
    grants = Grant.objects.filter(entry=job.entry).select_related("requester", "application")
    grant = next((grant for grant in grants if agreement and agreement_of(grant) == agreement), None)
    if grant is None:
        return None
    at = job.finished_at or job.ordered_at
    return _Given(
        str(job.id), at, job.entry.published_name, job.rows_written or 0, grant.id, grant.number, grant.requester.code,
        f"/jobs/{job.id}", "job",
    )  # fmt: skip


def _call(record_id: str, by: Actor) -> Access:
    rows = Access.objects.filter(record_id=record_id, kind="file", outcome="ok")
    if not by.is_platform:
        rows = rows.filter(usage.visible(by))
    found = rows.first()
    if found is None:
        raise NotFoundError(what=record_id)
    return found


def _finding(call: _Given, leak: Leak, recipient: Organisation, subject: str, where: str) -> Finding:
    order = f"{leak.right}/{leak.compared}, {leak.score:.1f}σ" + (", sha256 =" if leak.same_bytes else "")
    at = call.at.astimezone(BEIJING).isoformat(" ", "minutes").removesuffix("+08:00")
    words = {"where": where, "time": at, "grant": call.grant_number, "who": recipient.name}
    return Finding(
        CODE, recipient, "grant", subject, call.grant_number, DETECTOR, LEAKED, words,
        (
            Evidence(call.kind, call.record_id, f"{at} {call.entry_name} {call.rows}", call.link),
            Evidence("grant", str(call.grant_id), call.grant_number, f"/grants/{call.grant_number}"),
            Evidence("file", leak.file_sha256, order),
        ),
    )  # fmt: skip


def _check(leak: Leak) -> None:
    wrong = []
    digest = leak.file_sha256
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):  # noqa: PLR2004 - hex of SHA-256
        wrong.append(("file_sha256", digest[:40], gettext("应为文件的SHA-256，64位十六进制")))
    if not leak.same_bytes and not (leak.score >= CERTAIN and 0 <= leak.right <= leak.compared):
        wrong.append(("score", f"{leak.score:.1f}", gettext("指纹不足以认定，不能作为线索")))
    if wrong:
        rows = [
            {"field": field, "found": found, "allowed": message, "message": message, "clause": "条例 40(3)"}
            for field, found, message in wrong
        ]
        raise InvalidInputError(problems=rows)
