from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from jutong.center.catalog.models import EntryVersion
from jutong.center.org.models import InformationSystem, Post
from jutong.center.ownership.models import (
    CollectionPlan,
    EntrySystem,
    FieldHit,
    ItemSubject,
    PlanField,
    Position,
    SourceDesignation,
)
from jutong.center.sharing.models import Grant
from jutong.center.supervision import actions, watch
from jutong.center.supervision.detectors import DETECTORS
from jutong.center.supervision.models import Case
from jutong.center.usage.models import Access, DailyUse
from jutong.standards.violations import offences
from tests.sharing_steps import sharing
from tests.sharing_world import NOW, World, at, publish
from tests.unguarded import unguarded

pytestmark = pytest.mark.django_db


def run(name: str, days: float = 0) -> list[Any]:
    (detector,) = [row for row in DETECTORS if row.name == name]
    found = list(detector.find(at(days)))
    assert {row.code for row in found} <= {detector.code}
    for row in found:
        assert row.detector == name
        assert row.evidence
        assert row.text.format(**row.fields)
    return found


def access(grant: Grant, days: float, outcome: str = "ok") -> Access:
    return Access.objects.create(
        record_id=str(uuid4()), node="node-1", at=at(days), kind="query", outcome=outcome, grant_id=grant.id,
        grant_number=grant.number, entry_code=grant.entry.code, entry_name="x", provider_code=grant.provider.code,
        requester_code=grant.requester.code, requester_name="x", system_name="x", official="x", purpose="x",
        case_number="x", rows=0, leaf_index=Access.objects.count(),
    )  # fmt: skip


def test_every_rule_finds_a_violation_of_the_law_and_has_a_name_of_its_own() -> None:
    assert len({row.name for row in DETECTORS}) == len(DETECTORS)
    assert {row.code for row in DETECTORS} <= set(offences())


def test_a_quiet_city_shows_nothing(world: World) -> None:
    assert watch.look(NOW) == 0


def test_a_system_without_an_entry_is_found_after_its_grace(world: World) -> None:
    assert run("system-without-entry", 89) == []
    (found,) = run("system-without-entry", 91)
    assert (found.organisation, found.evidence[0].link) == (
        world.education, f"/inventories/systems/{world.system.id}",
    )  # fmt: skip
    EntrySystem.objects.create(entry=world.entry, system=world.system, linked_at=NOW)
    assert run("system-without-entry", 91) == []
    InformationSystem.objects.create(organisation=world.bigdata, name="共享平台", created_at=NOW)
    assert run("system-without-entry", 91) == []


def test_a_condition_that_only_gets_in_the_way_is_found(world: World) -> None:
    assert world.entry.published_id is not None
    version = EntryVersion.objects.get(id=world.entry.published_id)
    EntryVersion.objects.filter(id=version.id).update(use_conditions="限本市教育部门核验入学资格使用")
    assert run("self-made-condition") == []
    EntryVersion.objects.filter(id=version.id).update(use_conditions="需另行签订保密协议并缴纳费用")
    (found,) = run("self-made-condition")
    assert (found.organisation, found.subject_id) == (world.civil, str(version.id))


def test_silence_to_a_proposed_source_is_found_after_its_day(world: World) -> None:
    subject = ItemSubject.objects.create(division_code="629900", key="婚姻状况", name="婚姻状况", organisation_count=2)
    proposed = SourceDesignation.objects.create(
        subject=subject, organisation=world.civil, entry=world.entry, basis="x", answer_by=at(5).date(),
        proposed_at=NOW,
    )  # fmt: skip
    asked = Position.objects.create(designation=proposed, organisation=world.education)
    assert run("silent-to-source", 5) == []
    assert [row.organisation for row in run("silent-to-source", 6)] == [world.education]
    Position.objects.filter(id=asked.id).update(stance="agree", stated_at=NOW)
    assert run("silent-to-source", 6) == []


def test_a_service_that_stops_without_filing_is_found(world: World) -> None:
    sharing(world)
    assert run("service-stopped", 9) == []
    world.entry.bindings.update(ended_at=at(1))
    assert run("service-stopped", 2) == []
    (found,) = run("service-stopped", 4)
    assert [row.kind for row in found.evidence] == ["entry", "grant"]
    world.bind(at(4))
    assert run("service-stopped", 9) == []


def test_a_platform_outside_is_found_after_its_grace(world: World) -> None:
    made = actions.register_platform(name="民政平台", by=world.steward, now=NOW)
    assert run("platform-outside", 179) == []
    assert len(run("platform-outside", 181)) == 1
    actions.join_platform(platform=made, joined_on=NOW.date(), document="国办函1号", by=world.steward, now=NOW)
    assert run("platform-outside", 181) == []


def test_a_plan_sent_back_and_left_as_it_was_is_found(world: World) -> None:
    plan = CollectionPlan.objects.create(
        organisation=world.education, kind="form", name="入学申请表", purpose="x", state="returned", created_at=NOW,
        changed_at=NOW, decided_at=NOW, decision_note="重复收集",
    )  # fmt: skip
    field = PlanField.objects.create(plan=plan, position=1, name="婚姻状况", choice="justify", justification="x")
    assert run("repeated-collection", 31) == []
    FieldHit.objects.create(field=field, entry=world.entry, item_name="婚姻状况", way="name", confidence=100)
    assert run("repeated-collection", 29) == []
    (found,) = run("repeated-collection", 31)
    assert (found.organisation, found.fields["fields"]) == (world.education, "婚姻状况")


def test_calls_for_another_purpose_are_found_with_their_records(world: World) -> None:
    grant = sharing(world)
    access(grant, 1)
    assert run("other-purpose", 1.5) == []
    calls = [access(grant, 1, "node.call.purpose-differs") for _ in range(7)]
    (found,) = run("other-purpose", 1.5)
    assert (found.organisation, found.fields["n"]) == (world.education, "7")
    shown = {row.id for row in found.evidence if row.kind == "access"}
    assert len(shown) == 5
    assert shown <= {row.record_id for row in calls}
    assert run("other-purpose", 9) == []


def test_a_sudden_volume_is_found_against_what_is_usual(world: World) -> None:
    grant = sharing(world)

    def day(number: int, calls: int) -> None:
        DailyUse.objects.create(
            day=at(number).date(), entry_code=grant.entry.code, provider_code=grant.provider.code,
            requester_code=grant.requester.code, requester_name="x", calls=calls, rows=0, last_at=at(number),
        )  # fmt: skip

    for number in range(4):
        day(number, 60)
    day(5, 900)
    assert run("volume-anomaly", 6) == []
    day(4, 60)
    (found,) = run("volume-anomaly", 6)
    assert (found.fields["n"], found.fields["usual"]) == ("900", "60")
    DailyUse.objects.filter(day=at(5).date()).update(calls=299)
    assert run("volume-anomaly", 6) == []


def test_calls_after_a_confirmed_end_are_found(world: World) -> None:
    grant = sharing(world)
    access(grant, 3)
    Grant.objects.filter(id=grant.id).update(end_confirmed_at=at(2))
    assert run("call-after-end", 4) == []
    with unguarded("sharing.Grant"):
        Grant.objects.filter(id=grant.id).update(state="revoked", ended_at=at(2))
    (found,) = run("call-after-end", 4)
    assert [row.kind for row in found.evidence] == ["grant", "access"]


def test_use_without_anybody_responsible_is_found(world: World) -> None:
    sharing(world)
    assert run("no-responsible") == []
    Post.objects.filter(organisation=world.education, role="office-head").update(ended_at=NOW)
    assert [row.organisation for row in run("no-responsible")] == [world.education]


def test_a_source_nobody_names_is_found_and_judged_above(world: World) -> None:
    other, _items = publish(world.other, name="驾驶人信息", code="306002/1", number=1)
    subject = ItemSubject.objects.create(division_code="629900", key="姓名", name="姓名", organisation_count=2)
    for entry in (world.entry, other):
        subject.holdings.create(entry=entry, organisation=entry.organisation, item_name="姓名")
    assert run("source-unnamed", 89) == []
    (found,) = run("source-unnamed", 91)
    assert (found.organisation, found.fields["n"], found.fields["name"]) == (world.bigdata, "1", "姓名")
    SourceDesignation.objects.create(
        subject=subject, organisation=world.civil, entry=world.entry, basis="x", answer_by=at(99).date(),
        proposed_at=NOW,
    )  # fmt: skip
    assert run("source-unnamed", 91) == []


def test_what_is_found_is_on_record_once_and_one_broken_rule_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(now: object) -> list[Any]:
        raise OSError("disk full")

    rules = tuple(
        type(row)(row.name, row.code, broken) if row.name == "self-made-condition" else row for row in DETECTORS
    )
    monkeypatch.setattr(watch, "DETECTORS", rules)
    assert watch.look(at(29)) == 0
    InformationSystem.objects.filter(id=world.system.id).update(created_at=at(-60))
    assert watch.look(at(29)) == 0
    assert watch.look(at(31)) == 1
    assert watch.look(at(32)) == 0
    case = Case.objects.get()
    assert (case.code, case.state, case.detector) == ("P1", "offered", "system-without-entry")
    assert watch.catch_up(NOW) == 0
