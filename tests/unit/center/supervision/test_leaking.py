"""A file told by its fingerprint is a suspicion of R3 with evidence, once, and breaks the agreement it was under."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jutong.center.agreement import actions as agreements
from jutong.center.agreement.models import Breach
from jutong.center.jobs.models import Job
from jutong.center.jobs.ordering import order_job
from jutong.center.jobs.work import Work
from jutong.center.org.actor import platform_actor
from jutong.center.sharing.compile import agreement_of
from jutong.center.sharing.models import Grant
from jutong.center.supervision import actions, queries
from jutong.center.supervision.actions import Leak
from jutong.center.supervision.errors import OwnReportError, ReportedTwiceError
from jutong.center.usage.models import Access
from jutong.contracts.fingerprint import Fingerprint
from jutong.kernel.errors import InvalidInputError, NotFoundError
from tests import agreement_steps as steps
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db
WHERE = "某网盘公开链接"


@pytest.fixture
def leak(world: World) -> Leak:
    steps.in_force(world)
    (record,) = steps.calls(Grant.objects.get(), at(0.1), 1)
    Access.objects.filter(record_id=record).update(kind="file", rows=900)
    return Leak(record, "0f" * 32, 800, 790, 27.6, same_bytes=False)


def test_the_provider_reports_what_the_fingerprint_told(world: World, leak: Leak) -> None:
    made = actions.report_leak(leak=leak, where=WHERE, by=world.steward, now=at(0.2))
    assert (made.code, made.concerned, made.state, made.judge) == ("R3", world.education, "offered", world.bigdata)
    assert [row["kind"] for row in made.evidence] == ["access", "grant", "file"]
    assert made.evidence[0]["link"] == f"/audit/{leak.record_id}"
    assert made.evidence[2] == {"kind": "file", "id": leak.file_sha256, "label": "790/800, 27.6σ", "link": ""}
    said = queries.what_was_found(made)
    assert WHERE in said
    assert "金河市教育局" in said
    agreements.measure(now=at(1.2))
    breach = Breach.objects.get(obligation__kind="third-party")
    assert breach.evidence["violations"] == [str(made.violation_id)]
    with pytest.raises(ReportedTwiceError):
        actions.report_leak(leak=leak, where=WHERE, by=world.steward, now=at(1))
    other = replace(leak, file_sha256="ab" * 32, same_bytes=True, score=0.0)
    again = actions.report_leak(leak=other, where=WHERE, by=platform_actor("command"), now=at(1))
    assert (again.reporter, again.evidence[2]["label"].endswith("sha256 =")) == (None, True)


def test_a_run_with_a_fingerprint_is_told_like_a_file(world: World, leak: Leak) -> None:
    grant = Grant.objects.get()
    mark = Fingerprint(agreement=agreement_of(grant))
    job = order_job(entry=world.entry, by=world.steward, now=NOW, work=Work(fingerprint=mark))
    moved = replace(leak, record_id=str(job.id))
    with pytest.raises(NotFoundError):  # it has not ended
        actions.report_leak(leak=moved, where=WHERE, by=world.steward, now=at(1))
    Job.objects.update(state="done", finished_at=NOW, rows_written=900)
    with pytest.raises(NotFoundError):
        actions.report_leak(leak=moved, where=WHERE, by=world.stranger, now=at(1))
    made = actions.report_leak(leak=moved, where=WHERE, by=world.steward, now=at(1))
    assert (made.code, made.concerned) == ("R3", world.education)
    assert (made.evidence[0]["kind"], made.evidence[0]["link"]) == ("job", f"/jobs/{job.id}")


def test_a_suspicion_needs_a_certain_fingerprint_a_file_and_somebody_it_concerns(world: World, leak: Leak) -> None:
    def refused(kind: type[Exception], by: str = "steward", where: str = WHERE, **changes: object) -> None:
        with pytest.raises(kind):
            actions.report_leak(leak=replace(leak, **changes), where=where, by=world.actors[by], now=NOW)  # type: ignore[arg-type]

    refused(InvalidInputError, score=5.9)
    refused(InvalidInputError, right=801)
    refused(InvalidInputError, file_sha256="zz")
    refused(InvalidInputError, where=" ")
    refused(OwnReportError, by="requester")
    refused(NotFoundError, by="stranger")
    Access.objects.update(kind="query")
    refused(NotFoundError)
