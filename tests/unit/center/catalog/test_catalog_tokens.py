from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.center.catalog.tokens import LONGEST_PREFIX, LONGEST_QUERY, normalise, phrases, same_name_key, tokens

TEXT = st.text(st.sampled_from("婚姻登记信息ABCabc019 ＡＢ（）,，.-_\n"), max_size=40)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("婚姻登记", "婚姻登记"),
        ("　ＧＢ／Ｔ　２２６０—２００７", "gb t 2260 2007"),
        ("不动产(权属)、抵押", "不动产 权属 抵押"),
        ("A股2024年", "a 股 2024 年"),
        ("_._", ""),
    ],
)
def test_text_has_one_form(text: str, expected: str):
    assert normalise(text) == expected


def test_tokens_are_characters_pairs_and_beginnings():
    assert tokens("婚姻") == ["姻", "婚", "婚姻"]
    assert tokens("gb2") == ["g", "gb", "gb2"]
    assert len(tokens("a" * 40)) == LONGEST_PREFIX


@given(TEXT)
def test_normalising_twice_changes_nothing(text: str):
    assert normalise(normalise(text)) == normalise(text)


@given(TEXT, st.data())
def test_any_part_of_a_text_is_found_by_its_tokens(text: str, data: st.DataObject):
    stored = normalise(text)
    if not stored:
        return
    run = data.draw(st.sampled_from(stored.split()))
    part = run[: data.draw(st.integers(1, len(run)))]  # a word is found by its beginning, Chinese by any part
    for phrase in phrases(part):
        assert set(phrase.tokens) <= set(tokens(stored))


def test_a_query_is_cut_into_runs_once_each():
    found = phrases("婚姻登记 婚姻登记 ＧＢ2260")
    assert [phrase.text for phrase in found] == ["婚姻登记", "gb2260"]
    assert found[0].tokens == ("婚姻", "姻登", "登记")
    assert [phrase.needs_recheck for phrase in found] == [True, False]
    assert [phrase.needs_recheck for phrase in phrases("婚 婚姻 婚姻登 " + "x" * 13)] == [False, False, True, True]


def test_only_the_beginning_of_a_long_query_is_read():
    assert sum(len(phrase.text) for phrase in phrases("婚" * 5000)) == LONGEST_QUERY
    assert phrases(" ，。 ") == []


@pytest.mark.parametrize(
    "name", ["婚姻登记信息", "婚姻登记信息 2", "婚姻登记信息（2024）", "婚姻 登记信息", "婚姻登记信息０１"]
)
def test_names_that_count_as_one(name: str):
    assert same_name_key(name) == same_name_key("婚姻登记信息")


def test_names_that_differ():
    assert same_name_key("2024") == "2024"
    assert same_name_key("12345热线") != same_name_key("热线")
