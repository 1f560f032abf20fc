"""Steps for many versions: each judged by itself, all written together, and runs that go on where they stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog import actions, worklists
from jutong.center.catalog.actions import runs
from jutong.center.catalog.actions.many import for_each
from jutong.center.catalog.enums import AssessmentKind, Event, RunState, VersionState
from jutong.center.catalog.errors import (
    BatchEmptyError,
    BatchTooLargeError,
    NameTakenError,
    OfficeHeadConsentsError,
    RemovalContentError,
    RowNotSavedError,
    StepNotAllowedError,
    WriterDecidesError,
)
from jutong.center.catalog.life import BatchRun
from jutong.center.catalog.models import Assessment, EntryChange, EntryVersion
from jutong.center.catalog.worklists import Sort, Wanted, Worklist
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org import actions as org
from jutong.center.org.enums import Role
from jutong.center.org.models import Post
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import FIELDS, ITEMS, NOW, PLATFORM, City, at

NAMES = ("殡葬服务信息", "低保对象信息", "社会组织信息", "养老机构信息")
FOUND = [
    {"kind": kind, "passed": True, "conclusion": "可控", "assessed_by": "王建国", "assessed_on": "2026-11-08"}
    for kind in AssessmentKind.values
]


def drafts(city: City, count: int = 4) -> list[UUID]:
    return [city.draft(name=name).id for name in NAMES[:count]]


def states() -> list[str]:
    return list(EntryVersion.objects.order_by("created_at", "id").values_list("state", flat=True))


def assess(city: City, ids: list[UUID], **changes: Any) -> list[actions.Outcome]:
    found = [replace(row, **changes) for row in runs.assessed({"found": FOUND})]
    return actions.assess_many(ids=ids, found=found, by=city["steward"], now=NOW)


def consented(city: City, count: int = 4) -> list[UUID]:
    ids = drafts(city, count)
    assess(city, ids)
    actions.consent_many(ids=ids, by=city["department_head"], now=NOW)
    return ids


def submitted(city: City, count: int = 4) -> list[UUID]:
    ids = consented(city, count)
    assert all(row.problem is None for row in actions.submit_many(ids=ids, by=city["steward"], now=NOW))
    return ids


def test_a_department_brings_its_drafts_all_the_way_in_four_steps(city: City):
    ids = drafts(city)
    assert {row.state for row in assess(city, ids)} == {VersionState.ASSESSED}
    assert Assessment.objects.count() == 8
    assert {row.state for row in actions.consent_many(ids=ids, by=city["department_head"], now=NOW)} == {"consented"}
    assert {row.state for row in actions.submit_many(ids=ids, by=city["steward"], now=NOW)} == {"submitted"}
    assert StatutoryClock.objects.filter(period="SLA-CAT-REV0", organisation=city.bigdata, state="running").count() == 4
    outcomes = actions.publish_many(ids=ids, by=city["authority"], now=at(1))
    assert [(row.name, row.state, row.problem) for row in outcomes] == [(name, "published", None) for name in NAMES]
    for version in EntryVersion.objects.select_related("entry__published"):
        assert version.entry.published == version
        assert (version.published_at, version.effective_from) == (at(1), date(2026, 11, 10))
        assert version.name in version.entry.search_text
    assert StatutoryClock.objects.filter(state="met").count() == 4
    assert list(EntryChange.objects.values_list("kind", flat=True)) == ["published"] * 4


def test_each_version_has_its_own_audit_event_and_readers_get_one_notice(city: City):
    ids = submitted(city)
    actions.publish_many(ids=ids, by=city["authority"], now=NOW)
    told = Notice.objects.filter(organisation=city.education)
    assert [(row.fields, row.link) for row in told] == [({"organisation": "金河市民政局", "count": "4"}, "/catalog")]
    assert Notice.objects.get(role=Role.AUTHORITY).fields == {"organisation": "市民政局", "count": "4"}
    for verb, count in (("assess", 8), ("consent", 4), ("submit", 4), ("publish", 4)):
        found = AuditEvent.objects.filter(event=f"catalog:version:{verb}")
        assert found.count() == count
        assert {row.details["version"] for row in found} == {1}
        assert len(set(found.values_list("subject_id", flat=True))) == 4


def test_single_steps_leave_the_same_traces_as_batches_of_one(city: City):
    one = city.submit(city.draft(name=NAMES[0]))
    actions.publish(version=one, by=city["authority"], now=NOW)
    (many,) = submitted_one(city)
    actions.publish_many(ids=[many], by=city["authority"], now=NOW)
    traces = [
        [(row.event, {**row.details}) for row in AuditEvent.objects.filter(subject_label=name).order_by("id")]
        for name in NAMES[:2]
    ]
    assert traces[0] == traces[1]
    sentences = Notice.objects.filter(organisation=city.education).values_list("text", flat=True)
    assert len(set(sentences)) == 1


def submitted_one(city: City) -> list[UUID]:
    version = city.draft(name=NAMES[1])
    for kind in AssessmentKind:
        found = [row for row in runs.assessed({"found": FOUND}) if row.kind == kind]
        found = [replace(row, conclusion="风险可控") for row in found]
        actions.assess_many(ids=[version.id], found=found, by=city["steward"], now=NOW)
    actions.consent_many(ids=[version.id], by=city["department_head"], now=NOW)
    actions.submit_many(ids=[version.id], by=city["steward"], now=NOW)
    return [version.id]


def test_what_one_row_is_refused_does_not_hold_the_others(city: City):
    ids = consented(city, 3)
    wrong = city.draft(name="缺用途的", share_purpose="")
    draft = city.draft(name="还是草稿")
    assess(city, [wrong.id])
    actions.consent_many(ids=[wrong.id], by=city["department_head"], now=NOW)
    outcomes = actions.submit_many(ids=[*ids, wrong.id, draft.id, uuid4()], by=city["steward"], now=NOW)
    assert [row.problem for row in outcomes[:3]] == [None] * 3
    assert isinstance(outcomes[3].problem, InvalidInputError)
    assert isinstance(outcomes[4].problem, StepNotAllowedError)
    assert isinstance(outcomes[5].problem, NotFoundError)
    assert [row.state for row in outcomes] == ["submitted"] * 3 + ["consented", "draft", ""]


def test_nobody_decides_on_the_own_work_in_a_batch_either(city: City):
    ids = submitted(city, 2)
    EntryVersion.objects.filter(id=ids[0]).update(writers=[city["authority"].user_id])
    outcomes = actions.publish_many(ids=ids, by=city["authority"], now=NOW)
    assert [type(row.problem) for row in outcomes] == [WriterDecidesError, type(None)]
    outcomes = actions.return_many(ids=ids, code="self-made-condition", by=city["authority"], now=NOW)
    assert [type(row.problem) for row in outcomes] == [WriterDecidesError, StepNotAllowedError]


def test_another_departments_versions_read_as_absent(city: City):
    ids = drafts(city, 2)
    outcomes = actions.discard_many(ids=ids, by=city["stranger"], now=NOW)
    assert [(type(row.problem), row.code, row.name) for row in outcomes] == [(NotFoundError, "", "")] * 2
    assert states() == ["draft", "draft"]
    assess(city, ids)
    outcomes = actions.consent_many(ids=ids, by=city["stranger_head"], now=NOW)
    assert {type(row.problem) for row in outcomes} == {NotFoundError}
    foreign = replace(city["authority"], organisation_id=city.education.id)
    assert {type(row.problem) for row in actions.publish_many(ids=ids, by=foreign, now=NOW)} == {NotFoundError}


def test_a_batch_asks_for_the_permission_once(city: City):
    ids = drafts(city, 1)
    for act in (actions.consent_many, actions.submit_many, actions.publish_many, actions.discard_many):
        with pytest.raises(ForbiddenError):
            act(ids=ids, by=city["requester"], now=NOW)


def test_a_head_of_the_data_office_consents_to_nothing(city: City):
    ids = drafts(city, 2)
    assess(city, ids)
    Post.objects.filter(user=city.user("department_head")).update(ended_at=NOW)
    org.appoint(user=city.user("department_head"), organisation=city.civil, role=Role.OFFICE_HEAD, by=PLATFORM, now=NOW)
    outcomes = actions.consent_many(ids=ids, by=city["department_head"], now=NOW)
    assert {type(row.problem) for row in outcomes} == {OfficeHeadConsentsError}


def test_two_of_one_name_do_not_both_pass(city: City):
    ids = submitted(city, 2)
    EntryVersion.objects.filter(id=ids[1]).update(name=f"{NAMES[0]} 2")
    outcomes = actions.publish_many(ids=ids, by=city["authority"], now=NOW)
    assert {type(row.problem) for row in outcomes} == {NameTakenError}


def test_a_batch_with_words_asks_for_them_before_anything_happens(city: City):
    ids = drafts(city, 1)
    with pytest.raises(InvalidInputError):
        assess(city, ids, conclusion="")
    assess(city, ids)
    with pytest.raises(InvalidInputError):
        actions.decline_many(ids=ids, reason=" ", by=city["department_head"], now=NOW)
    for code, reason in (("other", ""), ("nonsense", "因为"), ("missing-field", " "), ("secret", "长" * 1001)):
        with pytest.raises(InvalidInputError):
            actions.return_many(ids=ids, code=code, reason=reason, by=city["authority"], now=NOW)
    outcomes = actions.decline_many(ids=ids, reason="口径不清", by=city["department_head"], now=NOW)
    assert [row.state for row in outcomes] == ["draft"]
    assert EntryVersion.objects.get().return_reason == "口径不清"


def test_many_are_returned_with_one_coded_reason(city: City):
    ids = submitted(city, 3)
    outcomes = actions.return_many(ids=ids, code="self-made-condition", by=city["authority"], now=NOW)
    assert {row.state for row in outcomes} == {"returned"}
    for version in EntryVersion.objects.all():
        assert (version.return_code, version.return_reason) == ("self-made-condition", "擅自增设条件")
    told = Notice.objects.get(organisation=city.civil, role=Role.STEWARD)
    assert told.fields == {"count": "3", "reason": "擅自增设条件"}


def test_removals_and_publications_go_through_in_one_batch(city: City):
    removal = city.removal()
    actions.consent(version=removal, by=city["department_head"], now=NOW)
    actions.submit(version=removal, by=city["steward"], now=NOW)
    renewed = city.published(name="会更新的").entry
    update = city.submit(actions.new_version(entry=renewed, by=city["steward"], now=NOW))
    ids = [removal.id, update.id, *submitted(city, 1)]
    outcomes = actions.publish_many(ids=ids, by=city["authority"], now=NOW)
    assert [row.state for row in outcomes] == ["removed", "published", "published"]
    kinds = list(EntryChange.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds[-3:] == ["published", "updated", "removed"]


def test_a_removal_is_not_assessed(city: City):
    removal = actions.decline(version=city.removal(), reason="不同意", by=city["department_head"], now=NOW)
    (outcome,) = assess(city, [removal.id])
    assert isinstance(outcome.problem, RemovalContentError)


def test_a_row_the_database_refuses_does_not_take_the_others_with_it(city: City):
    ids = drafts(city, 3)

    def apply(rows: Any) -> None:
        for version, row in rows:
            version.state = row.next
            version.save(update_fields=["state"])
            if version.id == ids[1]:
                raise IntegrityError("refused")

    outcomes = for_each(ids, Event.DISCARD, city["steward"], prepare=lambda _: lambda _: None, apply=apply)
    assert [row.state for row in outcomes] == ["discarded", "draft", "discarded"]
    assert isinstance(outcomes[1].problem, RowNotSavedError)
    assert states() == ["discarded", "draft", "discarded"]


def test_a_row_another_step_refuses_while_writing_says_why(city: City):
    ids = submitted(city, 2)
    StatutoryClock.objects.filter(subject_id=str(ids[0])).delete()
    outcomes = actions.publish_many(ids=ids, by=city["authority"], now=NOW)
    assert [row.state for row in outcomes] == ["submitted", "published"]
    assert outcomes[0].problem is not None
    assert outcomes[0].problem.code == "clocks.clock.not-running"


def test_a_run_takes_its_step_in_chunks_and_keeps_every_outcome(city: City, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "CHUNK", 2)
    ids = [*drafts(city, 3), uuid4()]
    run = actions.start_run(step="assess", ids=[*ids, ids[0]], terms={"found": FOUND}, by=city["steward"], now=NOW)
    assert (run.total, run.state) == (4, RunState.WAITING)
    assert actions.carry_on(run_id=run.id, now=NOW)
    run.refresh_from_db()
    assert (run.done, run.succeeded, run.state, run.finished_at) == (2, 2, RunState.RUNNING, None)
    assert not actions.carry_on(run_id=run.id, now=at(1))
    assert not actions.carry_on(run_id=run.id, now=at(2)), "a run that is over stays so"
    run.refresh_from_db()
    assert (run.done, run.succeeded, run.failed, run.state, run.finished_at) == (4, 3, 1, RunState.DONE, at(1))
    found = worklists.outcomes(worklists.run(city["steward"], run.id))
    assert [(row.position, row.name, row.is_done) for row in found] == [
        (1, NAMES[0], True), (2, NAMES[1], True), (3, NAMES[2], True), (4, "", False),
    ]  # fmt: skip
    assert found[3].problem["code"] == "kernel.object.not-found"
    assert [row.position for row in worklists.outcomes(run, failed=True)] == [4]


def test_a_killed_run_goes_on_where_it_was(city: City, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "CHUNK", 2)
    ids = drafts(city, 4)
    run = actions.start_run(step="discard", ids=ids, by=city["steward"], now=NOW)
    actions.carry_on(run_id=run.id, now=NOW)
    monkeypatch.setattr(runs, "_keep", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        actions.carry_on(run_id=run.id, now=NOW)
    assert states() == ["discarded", "discarded", "draft", "draft"], "the chunk that died took no step"
    monkeypatch.undo()
    assert not actions.carry_on(run_id=run.id, now=NOW)
    assert states() == ["discarded"] * 4


def test_a_run_acts_in_a_post_that_still_holds(city: City, monkeypatch: pytest.MonkeyPatch):
    run = actions.start_run(step="discard", ids=drafts(city, 2), by=city["steward"], now=NOW)
    Post.objects.filter(id=city.post("steward").id).update(ended_at=NOW)
    actions.carry_on(run_id=run.id, now=NOW)
    run.refresh_from_db()
    assert (run.failed, run.state) == (2, RunState.DONE)
    assert {row.problem["code"] for row in run.outcomes.all()} == {"org.post.ended"}
    assert states() == ["draft", "draft"]


@pytest.mark.parametrize(
    ("step", "who", "terms"),
    [
        ("consent", "department_head", {}),
        ("decline", "department_head", {"reason": "口径不清"}),
        ("submit", "steward", {}),
        ("publish", "authority", {}),
        ("return", "authority", {"code": "other", "reason": "请补充"}),
        ("discard", "steward", {}),
    ],
)
def test_every_step_of_a_batch_is_one_of_the_table(city: City, step: str, who: str, terms: dict[str, Any]):
    run = actions.start_run(step=step, ids=drafts(city, 1), terms=terms, by=city[who], now=NOW)
    actions.carry_on(run_id=run.id, now=NOW)
    code = "" if step == "discard" else "catalog.version.step-not-allowed"
    assert run.outcomes.get().problem.get("code", "") == code


def test_a_run_refuses_what_it_cannot_begin(city: City, monkeypatch: pytest.MonkeyPatch):
    ids = drafts(city, 2)
    steward = city["steward"]
    with pytest.raises(BatchEmptyError):
        actions.start_run(step="discard", ids=[], by=steward, now=NOW)
    monkeypatch.setattr(runs, "MOST", 1)
    with pytest.raises(BatchTooLargeError):
        actions.start_run(step="discard", ids=ids, by=steward, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.start_run(step="publish", ids=ids, by=steward, now=NOW)
    for step, who, terms in (
        ("assess", "steward", {"found": [{**FOUND[0], "conclusion": ""}]}),
        ("decline", "department_head", {"reason": ""}),
        ("return", "authority", {"code": "other", "reason": ""}),
    ):
        with pytest.raises(InvalidInputError):
            actions.start_run(step=step, ids=ids[:1], terms=terms, by=city[who], now=NOW)
    assert not BatchRun.objects.exists()


def test_a_refusal_is_kept_in_both_languages(city: City):
    ids = consented(city, 1)
    EntryVersion.objects.update(not_secret=False)
    run = actions.start_run(step="submit", ids=ids, by=city["steward"], now=NOW)
    actions.carry_on(run_id=run.id, now=NOW)
    problem = run.outcomes.get().problem
    assert problem["code"] == "kernel.input.invalid"
    assert "国家秘密" in problem["zh"]
    assert problem["fields"] == "not_secret"
    assert set(problem) == {"code", "zh", "en", "zh_next", "en_next", "fields"}


def test_a_run_is_its_organisations_own(city: City):
    run = actions.start_run(step="discard", ids=drafts(city, 1), by=city["steward"], now=NOW)
    assert worklists.runs(city["department_head"]).get() == run
    with pytest.raises(NotFoundError):
        worklists.run(city["stranger"], run.id)
    with pytest.raises(NotFoundError):
        worklists.run(city["steward"], "nonsense")


def test_lists_hold_what_waits_for_their_step(city: City):
    ids = drafts(city, 3)
    steward = city["steward"]
    assert [row.id for row in worklists.worklist(steward, Worklist.ASSESS)] == ids
    assess(city, ids[:2])
    assert [row.id for row in worklists.worklist(city["department_head"], Worklist.CONSENT)] == ids[:2]
    actions.consent_many(ids=ids[:2], by=city["department_head"], now=NOW)
    assert [row.id for row in worklists.worklist(city["office_head"], Worklist.SUBMIT)] == ids[:2]
    actions.submit_many(ids=ids[:2], by=steward, now=NOW)
    found = worklists.worklist(city["authority"], Worklist.REVIEW)
    assert worklists.ids_of(found, most=1) == ids[:2]
    assert worklists.departments(found) == [(city.civil.code, "市民政局")]
    assert not worklists.worklist(city["stranger"], Worklist.ASSESS).exists()
    with pytest.raises(ForbiddenError):
        worklists.worklist(steward, Worklist.REVIEW)
    codes = [f"307010/0000{n}" for n in (2, 1)]
    assert worklists.ids_of_codes(city["authority"], Worklist.REVIEW, codes) == [ids[1], ids[0]]
    with pytest.raises(NotFoundError):
        worklists.ids_of_codes(city["authority"], Worklist.REVIEW, ["307010/00003"])
    assert worklists.list_of("return") == Worklist.REVIEW


def test_a_list_is_narrowed_and_says_how_much_each_version_changes(city: City):
    first = city.published(name="会更新的")
    update = actions.new_version(entry=first.entry, by=city["steward"], now=NOW)
    update = city.submit(
        actions.edit_version(
            version=update, fields=replace(FIELDS, name="会更新的", summary="新的"), items=ITEMS,
            by=city["steward"], now=NOW,
        )
    )  # fmt: skip
    removal = city.removal(name="会下线的")
    removal = actions.consent(version=removal, by=city["department_head"], now=NOW)
    removal = actions.submit(version=removal, by=city["steward"], now=NOW)
    (new,) = submitted(city, 1)
    authority = city["authority"]

    def ids(**wanted: str) -> list[UUID]:
        return list(worklists.worklist(authority, Worklist.REVIEW, Wanted(**wanted)).values_list("id", flat=True))

    assert ids(sort="first") == [new]
    assert ids(sort="update") == [update.id]
    assert ids(sort="removal") == [removal.id]
    assert ids(words="会 下线") == [removal.id]
    assert ids(words="307010/00003") == [new]
    assert len(ids(organisation=city.civil.code, share="conditional")) == 3
    assert ids(organisation=city.education.code) == ids(share="none") == []
    rows = worklists.work_rows(worklists.worklist(authority, Worklist.REVIEW), NOW.date())
    assert {(row.version.id, row.sort, row.changes) for row in rows} == {
        (update.id, Sort.UPDATE, 1), (removal.id, Sort.REMOVAL, 0), (new, Sort.FIRST, None),
    }  # fmt: skip
    assert {row.clock.period for row in rows if row.clock} == {"SLA-CAT-REV", "SLA-CAT-REV0"}
