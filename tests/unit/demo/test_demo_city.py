from __future__ import annotations

import re
from datetime import date

import pytest

from jutong.center.org.enums import OrganisationKind, Role
from jutong.demo import city
from jutong.standards import credit_code, divisions, organisation_code


def test_twenty_four_departments_with_codes_that_check_out() -> None:
    assert len(city.DEPARTMENTS) == 24
    assert len({row.code for row in city.DEPARTMENTS}) == 24
    assert len({row.key for row in city.DEPARTMENTS}) == 24
    for row in city.DEPARTMENTS:
        assert credit_code.check(row.code) is None
        assert organisation_code.check(row.code[8:17]) is None
        assert row.code[2:8] == city.CITY_CODE == row.division_code
        assert row.kind in OrganisationKind.values
        assert len(row.short_name) <= 32


def test_one_authority() -> None:
    assert [row.key for row in city.DEPARTMENTS if row.is_authority] == ["bigdata"]


def test_no_edition_of_the_real_table_ever_had_the_demonstration_codes() -> None:
    for row in city.DIVISIONS:
        assert divisions.national().history(row.code) == ()
    assert divisions.lookup(city.PROVINCE_CODE) is not None


def test_eight_districts_in_force_and_one_abolished() -> None:
    table = divisions.national().extended(
        divisions.Division(row.code, row.name, row.valid_from, row.valid_until) for row in city.DIVISIONS
    )
    below = table.children(city.CITY_CODE, on=city.REFERENCE_DATE)
    assert [row.code for row in below] == [row.code for row in city.DISTRICTS]
    assert table.ever_existed("629924")
    assert table.lookup("629924", on=city.REFERENCE_DATE) is None
    assert table.full_name("629902").endswith("金河市河东区")
    assert all(row.valid_until is None or row.valid_until > row.valid_from for row in city.DIVISIONS)


def test_every_department_has_the_four_posts_held_by_different_people() -> None:
    for row in city.DEPARTMENTS:
        roles = [role for person in city.people_of(row.key) for role in person.roles]
        assert {"department-head", "office-head", "steward", "requester"} <= set(roles)
        assert len(roles) == len(set(roles))


def test_three_administrators_are_three_people_of_the_authority() -> None:
    hands = {
        role: person.username
        for person in city.people_of("bigdata")
        for role in person.roles
        if role in {"system-admin", "security-admin", "auditor"}
    }
    assert len(hands) == 3
    assert len(set(hands.values())) == 3


def test_people_have_unique_plain_user_names_and_known_roles() -> None:
    names = [person.username for person in city.PEOPLE]
    assert len(names) == len(set(names)) >= 100
    assert len({person.display_name for person in city.PEOPLE}) == len(names)
    for person in city.PEOPLE:
        assert re.fullmatch(r"[a-z]{4,30}", person.username)
        assert set(person.roles) <= set(Role.values)
        assert person.title
        assert city.department(person.department).key == person.department


def test_the_people_of_the_design_are_there() -> None:
    wang = city.person("wangjianguo")
    assert (wang.display_name, wang.department, wang.roles) == ("王建国", "civil", ("steward",))
    assert city.person("lihui").department == "medical"
    assert city.person("linyue").roles == ("authority",)
    with pytest.raises(KeyError):
        city.person("nobody")


def test_systems_belong_to_departments_and_have_a_protection_level() -> None:
    assert len({row.key for row in city.SYSTEMS}) == len(city.SYSTEMS)
    assert len({(row.department, row.name) for row in city.SYSTEMS}) == len(city.SYSTEMS)
    for row in city.SYSTEMS:
        assert city.department(row.department).key == row.department
        assert 1 <= row.protection_level <= 5
    assert any(row.name == "义务教育入学系统" and row.department == "education" for row in city.SYSTEMS)


def test_the_notice_says_that_everybody_is_invented() -> None:
    assert "演示" in city.NOTICE
    assert "虚构" in city.NOTICE
    assert date(2026, 11, 20) == city.REFERENCE_DATE
