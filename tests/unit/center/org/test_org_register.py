from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jutong.center.audit.queries import of_subject
from jutong.center.constraints import constraint_errors
from jutong.center.org import actions, queries
from jutong.center.org.actions.register import DivisionRow
from jutong.center.org.enums import OrganisationKind
from jutong.center.org.errors import (
    AuthorityExistsError,
    DivisionExistsError,
    DivisionUnknownError,
    NoAuthorityError,
    OrganisationClosedError,
    OrganisationExistsError,
    PostEndedError,
)
from jutong.center.org.models import Division, InformationSystem, Organisation, Post
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import CITY, NOW, PLATFORM, City, organisation

DISTRICT = DivisionRow("629902", "河东区", "county", CITY, date(1985, 5, 14))
SPARE = "11629900MB6028100K"


def create(city: City, **changes: Any) -> Organisation:
    words = {
        "code": SPARE, "name": "金河市公安局", "short_name": "市公安局", "division_code": CITY,
        "data_office": "科技信息化科", "by": city["system_admin"], "now": NOW,
    }  # fmt: skip
    return actions.create_organisation(**{**words, **changes})


def test_a_division_is_registered_once_from_a_day(city: City):
    division = actions.create_division(row=DISTRICT, by=city["system_admin"], now=NOW)
    assert (division.level, division.parent_code) == ("county", CITY)
    with pytest.raises(DivisionExistsError) as refused:
        actions.create_division(row=DISTRICT, by=city["system_admin"], now=NOW)
    assert "629902" in refused.value.explain()
    assert [row.event for row in of_subject("division", "629902")] == ["org:division:create"]


def test_only_the_system_administrator_keeps_the_register(city: City):
    for name in ("security_admin", "auditor", "authority", "steward"):
        with pytest.raises(ForbiddenError):
            actions.create_division(row=DISTRICT, by=city[name], now=NOW)
        with pytest.raises(ForbiddenError):
            actions.load_divisions(rows=[DISTRICT], source="x", by=city[name], now=NOW)
        with pytest.raises(ForbiddenError):
            create(city, by=city[name])
        with pytest.raises(ForbiddenError):
            actions.close_organisation(organisation=city.civil, by=city[name], now=NOW)


def test_a_table_of_divisions_loads_twice_with_one_effect(city: City):
    rows = [DISTRICT, replace(DISTRICT, code="629903", name="河西区")]
    assert actions.load_divisions(rows=rows, source="演示", by=PLATFORM, now=NOW) == 2
    assert actions.load_divisions(rows=rows, source="演示", by=PLATFORM, now=NOW) == 0
    assert Division.objects.filter(parent_code=CITY).count() == 2


def test_a_division_is_in_force_from_its_first_to_before_its_last_day(city: City):
    row = replace(DISTRICT, code="629924", name="石渡县", valid_until=date(2003, 1, 1))
    actions.create_division(row=row, by=PLATFORM, now=NOW)
    assert queries.division_name("629924", date(2002, 12, 31)) == "石渡县"
    assert queries.division_name("629924", date(2003, 1, 1)) == "629924"
    assert queries.division_name("629924", date(1985, 5, 13)) == "629924"


def test_a_department_comes_with_code_office_and_division(city: City):
    made = create(city, kind=OrganisationKind.AUTHORISED, code=SPARE.lower(), line="公安", parent=city.bigdata)
    assert (made.code, made.kind, made.line, made.parent) == (SPARE, "authorised", "公安", city.bigdata)
    assert queries.organisation(city["steward"], SPARE) == made
    assert made in queries.visible_organisations(city["requester"])


def test_a_short_name_is_made_where_none_is_given(city: City):
    assert create(city, short_name=" ").short_name == "金河市公安局"


def test_wrong_code_empty_name_and_missing_office_are_told_at_once(city: City):
    with pytest.raises(InvalidInputError) as refused:
        create(city, code="11629900MB60281001", name=" ", data_office="")
    assert len(refused.value.fields["problems"]) == 3
    assert refused.value.fields["problems"][0]["clause"] == "GB 32100-2015"


def test_an_unknown_division_a_taken_code_and_a_second_authority_are_refused(city: City):
    with pytest.raises(DivisionUnknownError):
        create(city, division_code="999999")
    with pytest.raises(OrganisationExistsError):
        create(city, code=city.civil.code)
    with pytest.raises(AuthorityExistsError):
        create(city, is_authority=True)


def test_the_authority_of_a_division_is_not_borrowed_from_another_level(city: City):
    actions.create_division(row=DISTRICT, by=PLATFORM, now=NOW)
    assert queries.authority_for(CITY) == city.bigdata
    with pytest.raises(NoAuthorityError):
        queries.authority_for("629902")


def test_closing_ends_the_posts_and_frees_the_authority(city: City):
    post = city.post("authority")
    closed = actions.close_organisation(organisation=city.bigdata, by=PLATFORM, now=NOW)
    assert closed.closed_at == NOW
    assert not Post.objects.filter(organisation=city.bigdata, ended_at=None).exists()
    with pytest.raises(NoAuthorityError):
        queries.authority_for(CITY)
    with pytest.raises(OrganisationClosedError):
        actions.close_organisation(organisation=city.bigdata, by=PLATFORM, now=NOW)
    post.refresh_from_db()
    with pytest.raises(PostEndedError):
        queries.actor_for(post)
    organisation(SPARE, "金河市数据局", "市数据局", authority=True)
    assert queries.authority_for(CITY).code == SPARE


def test_reading_organisations(city: City):
    assert queries.own_organisation(city["steward"]) == city.civil
    with pytest.raises(NotFoundError):
        queries.own_organisation(PLATFORM)
    with pytest.raises(NotFoundError):
        queries.organisation(city["steward"], "nothing")


def test_what_onboarding_still_asks(city: City):
    assert queries.missing_for_onboarding(city.civil) == []
    assert queries.missing_for_onboarding(city.education) == ["工作机构负责人"]
    Organisation.objects.filter(id=city.bigdata.id).update(data_office="")
    city.bigdata.refresh_from_db()
    assert queries.missing_for_onboarding(city.bigdata) == ["政务数据共享工作机构", "工作机构负责人", "部门负责人"]


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("division_ends_after_start", lambda _city: Division.objects.update(valid_until=date(1985, 5, 14))),
        (
            "one_authority_per_division",
            lambda city: Organisation.objects.filter(id=city.civil.id).update(is_authority=True),
        ),
        ("post_ends_after_start", lambda _city: Post.objects.update(ended_at="2020-01-01T00:00Z")),
        (
            "protection_level_one_to_five",
            lambda city: InformationSystem.objects.create(
                organisation=city.civil, name="x", protection_level=6, created_at=NOW
            ),
        ),
    ],
)
def test_the_database_holds_the_register_together(city: City, constraint: str, change):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        change(city)


def test_a_constraint_without_a_named_error_raises_as_it_is(city: City):
    with pytest.raises(IntegrityError, match="division_ends_after_start"), constraint_errors(other=PostEndedError()):
        Division.objects.update(valid_until=date(1985, 5, 14))


def test_an_error_of_the_program_itself_passes_through(db):
    with pytest.raises(IntegrityError, match="own"), constraint_errors(other=PostEndedError()):
        raise IntegrityError("own")
