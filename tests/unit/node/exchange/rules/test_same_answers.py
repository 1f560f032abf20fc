"""What is done to whole columns gives the answers of what is done to one value."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.node import masking
from jutong.node.exchange.rules import digits
from jutong.node.exchange.rules.masks import MASKS
from jutong.node.exchange.rules.tokens import Tokens
from jutong.standards import credit_code, identity, organisation_code

WORDS = "金河市江省自治区县旗盟地区张欧阳慕容０９年月-/.\n 19862070xX*"
texts = st.one_of(st.text(alphabet=WORDS, max_size=24), st.text(max_size=24), st.from_regex(r"1[89]\d\d.?\d{1,4}.?"))
numbers = st.one_of(st.integers(-(10**32), 10**32).map(str), st.from_regex(r"[+-]?0*\d{1,4}(\.\d{0,3})?([eE]\d)?"))
days = st.dates(date(1750, 1, 1), date(2100, 1, 1))


@st.composite
def identity_numbers(draw: st.DrawFn) -> str:
    """Right ones, old ones, and those with one character changed."""
    born = draw(days).strftime("%Y%m%d")
    place, sequence = (
        draw(st.from_regex(r"[1-9][0-9]{5}", fullmatch=True)),
        draw(st.from_regex("[0-9]{3}", fullmatch=True)),
    )
    body = place + born + sequence
    number = draw(st.sampled_from([body + identity.check_character(body), place + born[2:] + sequence]))
    return _spoilt(draw, number)


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    letters = st.text(alphabet=credit_code.ALPHABET, min_size=8, max_size=8)
    subject = draw(letters)
    body = draw(st.from_regex(r"[1-9NY][1-9][0-9]{6}", fullmatch=True)) + subject
    body += organisation_code.check_character(subject)
    return _spoilt(draw, body + credit_code.check_character(body))


def _spoilt(draw: st.DrawFn, text: str) -> str:
    if draw(st.booleans()):
        return draw(st.sampled_from(["", " ", "\u3000"])) + draw(st.sampled_from([text, text.lower()]))
    place = draw(st.integers(0, len(text) - 1))
    return text[:place] + draw(st.sampled_from("0123456789XxAIＸ号\x00")) + text[place + 1 :]


def column(values: list[str | None], cut: int) -> pa.Array[pa.StringScalar]:
    """Return the values as part of a longer array, as batches come."""
    return pa.array(["前", *values], pa.string())[1:][cut:]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.none(), identity_numbers(), texts), max_size=12), st.integers(0, 2))
def test_identity_numbers(values: list[str | None], cut: int) -> None:
    array = column(values, cut)
    kept = values[cut:]
    wrong = digits.identity_wrong(array).tolist()
    assert wrong == [value is not None and not identity.is_valid(value) for value in kept]
    longer = digits.identity_to_18(array).to_pylist()
    for value, found, bad in zip(kept, longer, wrong, strict=True):
        if value is not None and not bad:
            assert found == identity.parse(value).number


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.none(), credit_codes(), texts), max_size=12), st.integers(0, 2))
def test_credit_codes(values: list[str | None], cut: int) -> None:
    wrong = digits.credit_code_wrong(column(values, cut)).tolist()
    assert wrong == [value is not None and not credit_code.is_valid(value) for value in values[cut:]]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.one_of(st.none(), texts, days.map(str), numbers, identity_numbers()), max_size=12), st.integers(0, 2)
)
def test_masks(values: list[str | None], cut: int) -> None:
    array = column(values, cut)
    for title, mask in MASKS.items():
        expected = [None if value is None else masking.rule(title)(value) for value in values[cut:]]
        assert mask(array).to_pylist() == expected, title
    keys = masking.Pseudonyms(b"k" * 32)
    token = keys.rule("A-1")
    expected = [None if value is None else token(value) for value in values[cut:]]
    assert Tokens(keys.key("A-1"))(array).to_pylist() == expected


def test_every_day_of_a_leap_and_a_plain_century() -> None:
    """29 February of 1900 is none, of 2000 it is one."""
    first = date(1899, 12, 25)
    bodies = [f"629901{first + timedelta(days=step):%Y%m%d}001" for step in range(800)]
    bodies += ["62990119000229001", "62990120000229001", "62990119990431001", "62990119991301001", "62990119990100001"]
    numbers = [body + identity.check_character(body) for body in bodies]
    assert digits.identity_wrong(pa.array(numbers)).tolist() == [not identity.is_valid(number) for number in numbers]
