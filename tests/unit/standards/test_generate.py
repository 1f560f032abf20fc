from __future__ import annotations

import random
from datetime import date

import pytest

from jutong.standards import credit_code, generate, identity, mod37_36, organisation_code

BORN = date(1962, 2, 28)


@pytest.fixture
def rng() -> random.Random:
    return random.Random(20261121)


@pytest.mark.parametrize("sex", ["男", "女"])
def test_identity_numbers_say_who_was_meant(rng, sex):
    for _ in range(300):
        number = generate.identity_number(rng, division="620102", born_on=BORN, sex=sex)
        parts = identity.parse(number)
        assert (parts.number, parts.division, parts.born_on, parts.sex) == (number, "620102", BORN, sex)


@pytest.mark.parametrize("sex", ["男", "女"])
def test_old_identity_numbers_have_fifteen_digits_and_mean_the_same(rng, sex):
    for _ in range(300):
        number = generate.old_identity_number(rng, division="620102", born_on=BORN, sex=sex)
        assert len(number) == 15
        parts = identity.parse(number)
        assert (parts.old, parts.born_on, parts.sex) == (True, BORN, sex)


@pytest.mark.parametrize("born_on", [date(1899, 12, 31), date(1999, 10, 1)])
def test_no_old_number_for_people_who_never_had_one(rng, born_on):
    with pytest.raises(ValueError, match="15-digit"):
        generate.old_identity_number(rng, division="620102", born_on=born_on, sex="男")


def test_organisation_codes(rng):
    codes = [generate.organisation(rng, prefix="MB") for _ in range(300)]
    assert all(organisation_code.check(code) is None and code.startswith("MB") for code in codes)
    with pytest.raises(ValueError):
        generate.organisation(rng, prefix="MB1234567")


def test_credit_codes_hold_a_valid_organisation_code(rng):
    for _ in range(300):
        code = generate.unified_credit_code(rng, division="620102", authority="1", kind="1", prefix="MB")
        parts = credit_code.parse(code)
        assert (parts.authority, parts.kind, parts.division) == ("1", "1", "620102")
        assert organisation_code.check(parts.organisation) is None


def test_letters_the_standard_leaves_out_are_refused(rng):
    with pytest.raises(ValueError):
        generate.unified_credit_code(rng, division="620102", prefix="MO")


def test_registration_numbers(rng):
    for _ in range(300):
        number = generate.registration_number(rng, division="620102")
        assert mod37_36.check_registration_number(number) is None


def test_dirt_is_wrong_for_sure(rng):
    for _ in range(100):
        number = generate.identity_number(rng, division="620102", born_on=BORN, sex="男")
        assert not identity.is_valid(generate.with_wrong_check(rng, number))


@pytest.mark.parametrize("division", ["62010", "6201022", "62010A", "６20102"])
def test_divisions_have_six_digits(rng, division):
    with pytest.raises(ValueError, match="six digits"):
        generate.identity_number(rng, division=division, born_on=BORN, sex="男")


def test_one_seed_makes_one_city():
    first, second = (generate.unified_credit_code(random.Random(7), division="620102") for _ in range(2))
    assert first == second
