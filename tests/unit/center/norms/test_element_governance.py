from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.norms import actions, queries, rules
from jutong.center.norms.enums import ElementEvent as E
from jutong.center.norms.enums import ElementState as S
from jutong.center.norms.errors import (
    ElementForeignError,
    ElementOpenError,
    ElementProposerDecidesError,
    ElementStepError,
)
from jutong.center.norms.fields import ElementFields
from jutong.center.norms.models import DataElement, ElementVersion
from jutong.center.org.permissions import Permission
from jutong.center.sharing.models import Notice
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import NOW, PLATFORM, City, at

pytestmark = pytest.mark.django_db
FIELDS = ElementFields(
    name="殡葬服务编号", english_name="funeral_number", definition="殡仪馆给一次服务编定的号码", data_type="C",
    length=20, synonyms=("火化证号", "bzfwbh"), pattern=r"^\d{8}$", change_note="民政条线统一口径",
)  # fmt: skip


def proposed(city: City, **changes) -> ElementVersion:
    return actions.propose(fields=replace(FIELDS, **changes), by=city["steward"], now=NOW)


def submitted(city: City, **changes) -> ElementVersion:
    return actions.submit(version=proposed(city, **changes), by=city["steward"], now=NOW)


def published(city: City, **changes) -> ElementVersion:
    return actions.publish(version=submitted(city, **changes), by=city["authority"], now=NOW)


def test_an_element_goes_from_proposal_to_retirement(city):
    version = proposed(city)
    assert (version.element.code, version.state, version.number) == ("LE00001", S.DRAFT, 1)
    version = actions.submit(version=version, by=city["steward"], now=NOW)
    assert list(queries.proposals(city["authority"])) == [version]
    version = actions.publish(version=version, by=city["authority"], now=NOW)
    element = DataElement.objects.get()
    assert (element.published, element.published_name) == (version, "殡葬服务编号")
    assert version.effective_from == date(2026, 11, 9)
    asked, decided = Notice.objects.filter(link="/norms/elements/LE00001").order_by("role")
    assert (asked.organisation, asked.fields["organisation"]) == (city.bigdata, "金河市民政局")
    assert (decided.organisation, decided.fields["code"]) == (city.civil, "LE00001")
    second = actions.propose_version(
        element=element, fields=replace(FIELDS, definition="新定义"), by=city["steward"], now=at(1)
    )
    with pytest.raises(ElementOpenError):
        actions.propose_version(element=element, fields=FIELDS, by=city["authority"], now=at(1))
    second = actions.submit(version=second, by=city["steward"], now=at(1))
    second = actions.publish(version=second, by=city["authority"], now=at(2), effective_from=date(2026, 12, 1))
    version.refresh_from_db()
    assert (version.state, version.effective_to) == (S.SUPERSEDED, date(2026, 12, 1))
    retired = actions.retire(version=second, reason="不再使用", by=city["authority"], now=at(30))
    element.refresh_from_db()
    assert (retired.state, element.published) == (S.RETIRED, None)
    assert [row.state for row in queries.versions(city["requester"], element)] == [S.RETIRED, S.SUPERSEDED]
    assert list(AuditEvent.objects.filter(subject_kind="element").order_by("at", "id").values_list("event", flat=True))[
        :3
    ] == ["norms:element:propose", "norms:element:submit", "norms:element:publish"]


def test_a_returned_proposal_is_mended(city):
    version = submitted(city)
    with pytest.raises(InvalidInputError):
        actions.return_version(version=version, reason=" ", by=city["authority"], now=NOW)
    version = actions.return_version(version=version, reason="定义不清", by=city["authority"], now=NOW)
    assert (version.state, version.return_reason) == (S.RETURNED, "定义不清")
    version = actions.edit(version=version, fields=replace(FIELDS, definition="说清楚"), by=city["steward"], now=NOW)
    assert (version.state, version.definition) == (S.DRAFT, "说清楚")
    version = actions.recall(
        version=actions.submit(version=version, by=city["steward"], now=NOW), by=city["steward"], now=NOW
    )
    assert actions.discard(version=version, by=city["steward"], now=NOW).state == S.DISCARDED
    assert proposed(city).element.code == "LE00002"


def test_whoever_proposed_does_not_decide(city):
    version = actions.propose(fields=FIELDS, by=city["authority"], now=NOW)
    version = actions.submit(version=version, by=city["authority"], now=NOW)
    for decide in (
        lambda: actions.publish(version=version, by=city["authority"], now=NOW),
        lambda: actions.return_version(version=version, reason="x", by=city["authority"], now=NOW),
    ):
        with pytest.raises(ElementProposerDecidesError):
            decide()


def test_posts_and_departments_are_kept_apart(city):
    version = proposed(city)
    with pytest.raises(ForbiddenError):
        actions.propose(fields=FIELDS, by=city["requester"], now=NOW)
    with pytest.raises(ElementForeignError):
        actions.edit(version=version, fields=FIELDS, by=city["stranger"], now=NOW)
    with pytest.raises(NotFoundError):
        queries.element(city["requester"], "LE00001")
    with pytest.raises(NotFoundError):
        queries.element(city["stranger"], "LE99999")
    assert queries.element(city["steward"], "LE00001") == version.element
    version = actions.submit(version=version, by=city["steward"], now=NOW)
    with pytest.raises(ForbiddenError):
        actions.publish(version=version, by=city["steward"], now=NOW)
    assert list(queries.proposals(city["requester"])) == []


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("event", [event for event in E if event != E.SUPERSEDE])
def test_only_the_table_s_steps_happen(city, state, event):
    version = proposed(city)
    dated = {"effective_from": date(2026, 1, 1), "return_reason": "x"}
    ElementVersion.objects.filter(id=version.id).update(state=state, **dated)
    version.refresh_from_db()
    step = {
        E.EDIT: lambda: actions.edit(version=version, fields=FIELDS, by=city["steward"], now=NOW),
        E.SUBMIT: lambda: actions.submit(version=version, by=city["steward"], now=NOW),
        E.RECALL: lambda: actions.recall(version=version, by=city["steward"], now=NOW),
        E.DISCARD: lambda: actions.discard(version=version, by=city["steward"], now=NOW),
        E.PUBLISH: lambda: actions.publish(version=version, by=city["authority"], now=NOW),
        E.RETURN: lambda: actions.return_version(version=version, reason="x", by=city["authority"], now=NOW),
        E.RETIRE: lambda: actions.retire(version=version, reason="x", by=city["authority"], now=NOW),
    }[event]
    row = next((row for row in rules.TRANSITIONS if (row.state, row.event) == (state, event)), None)
    if row is None:
        with pytest.raises(ElementStepError) as caught:
            step()
        assert caught.value.fields["state"] == state.label
    else:
        assert step().state == row.next


def test_a_draft_may_have_gaps_and_a_proposal_may_not(city):
    version = proposed(city, english_name="Bad Name", definition="", pattern="(a+)+", synonyms=("火化证号",))
    with pytest.raises(InvalidInputError) as caught:
        actions.submit(version=version, by=city["steward"], now=NOW)
    assert [row["place"] for row in caught.value.fields["problems"]] == ["definition", "english_name", "pattern"]
    actions.edit(version=version, fields=replace(FIELDS, pattern="["), by=city["steward"], now=NOW)
    with pytest.raises(InvalidInputError, match="正则"):
        actions.submit(version=version, by=city["steward"], now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""}, {"name": "长" * 65}, {"definition": "\x00"}, {"data_type": "Q"}, {"length": -1},
        {"precision": 10**9}, {"synonyms": ("",)}, {"synonyms": tuple(f"词{n}" for n in range(31))},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_not_stored(city, changes):
    with pytest.raises(InvalidInputError):
        proposed(city, **changes)
    assert not DataElement.objects.exists()


def test_names_are_taken_once(city):
    published(city)
    other = actions.propose(
        fields=ElementFields("骨灰存放号", "ash_number", "x", "C", synonyms=("火化证号",)), by=city["stranger"], now=NOW
    )
    with pytest.raises(InvalidInputError, match="LE00001"):
        actions.submit(version=other, by=city["stranger"], now=NOW)
    ElementVersion.objects.filter(id=other.id).update(state=S.SUBMITTED)
    other.refresh_from_db()
    with pytest.raises(InvalidInputError, match="LE00001"):
        actions.publish(version=other, by=city["authority"], now=NOW)


def test_the_library_is_loaded_once_and_matched(city):
    assert queries.match_element("身份证号")[0].code == "DE01002"
    count = actions.load_library(by=PLATFORM, now=NOW)
    assert count >= 150
    assert actions.load_library(by=PLATFORM, now=NOW) == 0
    assert AuditEvent.objects.filter(event="norms:element:load").count() == 1
    with pytest.raises(ForbiddenError):
        actions.load_library(by=city["steward"], now=NOW)
    assert queries.match_element("身份证号")[0].code == "DE01002"
    assert queries.matcher() is queries.matcher()
    published(city)
    found = queries.match_element("bzfwbh")[0]
    assert (found.code, found.confidence) == ("LE00001", 0.85)
    assert queries.elements(city["requester"], q="火化证号").get().code == "LE00001"
    assert queries.elements(city["requester"], q="credit_code").count() >= 1
    assert queries.elements(city["requester"], group="DE02").count() > 5
    version = DataElement.objects.get(code="DE01001").published
    assert version is not None
    ElementVersion.objects.filter(id=version.id).update(state=S.DRAFT)
    with pytest.raises(ElementForeignError, match="平台"):
        actions.edit(version=version, fields=FIELDS, by=city["steward"], now=NOW)


def test_matching_ten_thousand_names_asks_once(city, django_assert_num_queries):
    actions.load_library(by=PLATFORM, now=NOW)
    queries.matcher()
    with django_assert_num_queries(1):
        matcher = queries.matcher()
        for number in range(100):
            matcher.match(f"申请人姓名{number}")


def test_every_event_of_the_table_has_one_permission():
    for event in E:
        permissions = {row.permission for row in rules.TRANSITIONS if row.event == event}
        assert len(permissions) == 1
    assert rules.events_from(S.RETIRED) == ()
    assert Permission.NORMS_ELEMENT_REVIEW in {row.permission for row in rules.TRANSITIONS}
