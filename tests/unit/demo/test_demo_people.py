from __future__ import annotations

import random
import re

import pytest

from jutong.demo import city, names, places
from jutong.demo import world as worlds
from jutong.demo.people import STRANGER_NUMBER
from jutong.demo.world import World
from jutong.standards import credit_code, divisions, identity, industries, mod37_36, nationalities

LOCAL = {row.code for row in city.DIVISIONS}


def test_scale_sets_how_many_live_in_town(world: World) -> None:
    living = [row for row in world.town.persons if row.died is None]
    assert 10_000 <= len(living) < 10_010
    assert len(world.register.rows) == 1_500
    assert 2_700 < len(world.town.households) < 3_600
    with pytest.raises(ValueError, match="positive"):
        worlds.create(scale=0)


def test_every_number_checks_out_and_says_what_the_person_is(world: World) -> None:
    numbers = set()
    for row in world.town.persons:
        parsed = identity.parse(row.number, division_exists=lambda code: code in LOCAL, today=city.REFERENCE_DATE)
        assert parsed.born_on == row.born
        assert (parsed.sex == "男") is row.male
        assert row.sex_code == ("1" if row.male else "2")
        numbers.add(row.number)
    assert len(numbers) == len(world.town.persons)
    assert STRANGER_NUMBER not in numbers
    assert identity.is_valid(STRANGER_NUMBER)


def test_no_number_can_belong_to_anybody(world: World) -> None:
    assert not any(divisions.ever_existed(row.number[:6]) for row in world.town.persons)
    assert not any(divisions.ever_existed(row.code[2:8]) for row in world.register.rows)


def test_an_abolished_county_lives_on_in_old_numbers_only(world: World) -> None:
    from_it = [row for row in world.town.persons if row.number.startswith("629924")]
    assert len(from_it) > 100
    assert all(row.born.year < 2003 for row in from_it)


def test_nobody_has_a_known_persons_name(world: World) -> None:
    known = {"李强", "王毅", "姚明", "刘翔", "马云", "雷军", "周杰伦", "李娜", "邓小平", "杜甫", "李白", "刘洋"}
    given = {row.name for row in world.town.persons}
    assert not given & known
    assert not given & names.AVOIDED
    assert known <= names.AVOIDED


def test_nobody_is_called_like_a_real_place_and_no_address_names_another(world: World) -> None:
    here = {row.name for row in city.DIVISIONS}
    real = {row.name for row in divisions.national() if len(row.name) > 2 and row.name not in here}
    for row in world.town.persons:
        assert row.name not in real
    pattern = re.compile("|".join(map(re.escape, real)))
    for household in world.town.households:
        text = household.address.text
        assert text.startswith(city.CITY_NAME)
        assert not pattern.search(text), text


def test_nobody_can_be_telephoned(world: World) -> None:
    for row in world.town.persons:
        assert re.fullmatch(r"000\d{8}|", row.phone)
    assert all(re.fullmatch(r"000\d{8}", row.phone) for row in world.register.rows)


def test_households_are_families(world: World) -> None:
    for household in world.town.households:
        assert household.head.relation == "02"
        for child in household.children:
            assert household.head.born.year + 16 <= child.born.year
        couple = household.couple
        if couple:
            husband, wife = couple
            assert husband.male
            assert not wife.male
    sizes = [len(row.members) for row in world.town.households]
    assert 2.9 < sum(sizes) / len(sizes) < 3.6


def test_names_follow_the_people_and_rare_characters_occur(world: World) -> None:
    all_names = "".join(row.name for row in world.town.persons)
    assert any(ord(character) > 0xFFFF for character in all_names)
    dotted = [row for row in world.town.persons if "·" in row.name]
    assert dotted
    assert all(row.nationality != "01" for row in dotted)
    assert all(nationalities.check(row.nationality) is None for row in world.town.persons)
    assert names.family_of("欧阳晓") == "欧阳"
    assert names.family_of("扎西·多吉") == ""


def test_enterprises_carry_codes_of_the_standards(world: World) -> None:
    codes = set()
    for row in world.register.rows:
        assert credit_code.check(row.code) is None
        assert row.code[:2] in {"91", "92", "93"}
        assert industries.national().check(row.industry) is None
        assert len(row.industry) == 4
        if row.old_number:
            assert mod37_36.check_digit(row.old_number[:-1]) == row.old_number[-1]
        codes.add(row.code)
        assert row.scope
    assert len(codes) == len(world.register.rows)
    assert len({row.name for row in world.register.rows}) == len(world.register.rows)


def test_one_seed_makes_one_city() -> None:
    def picture(seed: int) -> list[tuple[object, ...]]:
        made = worlds.create.__wrapped__(scale=0.02, seed=seed)
        return [
            *((row.number, row.name, row.phone) for row in made.town.persons),
            *((row.code, row.name) for row in made.register.rows),
            *((row.certificate, row.address.text) for row in made.holdings.estates),
        ]

    assert picture(7) == picture(7)
    assert picture(7) != picture(8)


def test_an_address_without_a_number_is_shorter() -> None:
    rng = random.Random(1)
    for code in places.DISTRICT_NAMES:
        for _ in range(40):
            home = places.dwelling(rng, code)
            assert home.text.startswith(home.without_number)
            assert home.without_number != home.text
            assert home.police_station.endswith("派出所")
