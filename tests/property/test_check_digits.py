from __future__ import annotations

import random
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from jutong.standards import credit_code, generate, identity, mod37_36, organisation_code

DIVISIONS = st.integers(110000, 659999).map(str)
BIRTHS = st.dates(date(1900, 1, 1), date(2026, 11, 21))
OLD_BIRTHS = st.dates(date(1900, 1, 1), date(1999, 9, 30))
SEEDS = st.integers(0, 2**32).map(random.Random)
SEXES = st.sampled_from(["男", "女"])
DIGITS = "0123456789"
ALPHANUMERIC = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def neighbours(code: str, alphabet: str) -> list[str]:
    """Every text that differs from ``code`` in exactly one character."""
    return [
        code[:place] + other + code[place + 1 :]
        for place, character in enumerate(code)
        for other in alphabet
        if other != character
    ]


@given(SEEDS, DIVISIONS, BIRTHS, SEXES)
def test_a_generated_identity_number_is_valid_and_every_slip_is_seen(rng, division, born_on, sex):
    number = generate.identity_number(rng, division=division, born_on=born_on, sex=sex)
    assert identity.check(number) is None
    assert identity.parse(number).born_on == born_on
    assert not [wrong for wrong in neighbours(number, DIGITS + "X") if identity.is_valid(wrong)]


@given(SEEDS, DIVISIONS, BIRTHS, SEXES, st.integers(0, 16))
def test_swapped_neighbours_in_an_identity_number_are_seen(rng, division, born_on, sex, place):
    number = generate.identity_number(rng, division=division, born_on=born_on, sex=sex)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or not identity.is_valid(swapped)


@given(SEEDS, DIVISIONS, OLD_BIRTHS, SEXES)
def test_an_old_number_becomes_a_valid_new_one_of_the_same_person(rng, division, born_on, sex):
    old = generate.old_identity_number(rng, division=division, born_on=born_on, sex=sex)
    new = identity.to_18(old)
    assert identity.is_valid(new)
    assert new[:6] + new[8:17] == old
    before, after = identity.parse(old), identity.parse(new)
    assert (before.division, before.born_on, before.sex) == (after.division, after.born_on, after.sex)
    assert (after.born_on, after.sex) == (born_on, sex)


@given(st.text(max_size=20))
def test_any_text_gets_an_answer_and_never_a_crash(text):
    for check in (
        identity.check,
        credit_code.check,
        organisation_code.check,
        mod37_36.check,
        mod37_36.check_registration_number,
    ):
        finding = check(text)
        assert finding is None or finding.allowed_in("zh-hans")


@given(SEEDS, DIVISIONS)
def test_a_generated_credit_code_is_valid_and_every_slip_is_seen(rng, division):
    code = generate.unified_credit_code(rng, division=division)
    assert credit_code.check(code) is None
    assert not [wrong for wrong in neighbours(code, credit_code.ALPHABET) if credit_code.is_valid(wrong)]


@given(st.text(DIGITS, min_size=8, max_size=8), st.data())
def test_one_slip_in_a_row_of_digits_is_seen_by_the_organisation_code(body, data):
    code = body + organisation_code.check_character(body)
    assert organisation_code.check(code) is None
    place = data.draw(st.integers(0, 7))
    other = data.draw(st.sampled_from([digit for digit in DIGITS if digit != code[place]]))
    assert organisation_code.check(code[:place] + other + code[place + 1 :]) is not None


@given(st.text(ALPHANUMERIC, min_size=1, max_size=60))
def test_every_slip_is_seen_by_mod_37_36(body):
    code = body + mod37_36.check_character(body)
    assert mod37_36.check(code) is None
    assert not [wrong for wrong in neighbours(code, ALPHANUMERIC) if mod37_36.check(wrong) is None]


@given(st.text(DIGITS, min_size=14, max_size=14))
def test_every_slip_is_seen_by_mod_11_10(body):
    number = body + mod37_36.check_digit(body)
    assert mod37_36.check_registration_number(number) is None
    wrong = neighbours(number, DIGITS)
    assert not [other for other in wrong if mod37_36.check_registration_number(other) is None]
