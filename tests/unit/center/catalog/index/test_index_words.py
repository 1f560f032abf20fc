from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.center.catalog.bands import quality_band
from jutong.center.catalog.index import finder, pinyin, schema, store, streams, wanted
from jutong.center.catalog.index.finder import Half
from jutong.center.catalog.tokens import normalise
from jutong.standards.search_words import compile_words, search_words


def index_of(*names: str) -> Half:
    index = store.created()
    writer = index.writer(15_000_000, 1)
    for at, name in enumerate(names):
        said = normalise(name)
        writer.add_document(schema.document(schema.Card(str(at), f"307010/{at:05}", said, "", said)))
    writer.commit()
    index.reload()
    return Half(index.searcher())


def found(half: Half, q: str) -> set[str]:
    return set(finder.top([half], schema.EVERYBODY, wanted.words_of(q), {}, offset=0, limit=50))


LETTERS = st.text("不动产权属登记甲 ", min_size=1, max_size=14)


@settings(max_examples=40, deadline=None)
@given(st.lists(LETTERS, min_size=1, max_size=6), st.text("不动产权属登记甲", min_size=1, max_size=7))
def test_a_phrase_is_found_where_it_stands_and_nowhere_else(names: list[str], phrase: str):
    half = index_of(*names)
    word = (wanted.Word(phrase),)
    answer = finder.top([half], schema.EVERYBODY, word, {}, offset=0, limit=50)
    assert set(answer) == {str(at) for at, name in enumerate(names) if phrase in name}


def test_terms_keep_their_places():
    assert streams.pairs("不动产 gb2260 权") == "不动 动产 产 gb2260 权"
    assert streams.initials("公积金 gb") == "gj jj |"
    assert streams.syllables("公积金 gb") == "gong ji jin |"
    assert set(streams.characters("产权 gb", starts=True).split()) == {"产", "权", "g", "gb", "^产", "^产权"}
    assert streams.characters("") == ""
    assert set(streams.dictionary_words("住房公积金 gb").split()) == {"住房公积金", "公积金"}


def test_characters_without_pinyin_keep_their_place():
    assert streams.syllables_of("公〇積ア金")[0] == "gong"
    assert len(streams.syllables_of("公ア金")) == 3
    assert streams.syllables_of("ア") == ("?",)


@pytest.mark.parametrize(
    ("letters", "first"),
    [
        ("gongjijin", ("gong", "ji", "jin")), ("xian", ("xian",)), ("gjj", None), ("g", None), ("x" * 40, None),
        ("a1", None),
    ],
)  # fmt: skip
def test_letters_are_cut_into_syllables(letters: str, first: tuple[str, ...] | None):
    assert next(iter(pinyin.readings(letters)), None) == first
    assert len(pinyin.readings("xianxianxianxian")) <= pinyin.MOST_READINGS


def test_a_long_code_is_found_by_its_beginning():
    half = index_of("11629900MB4482457G 名录", "甲")
    assert found(half, "11629900mb4482457g") == {"0"}
    assert found(half, "11629900mb44") == {"0"}
    assert found(half, "9900mb44") == set()


def test_other_words_stand_for_a_word_and_for_a_part_of_one():
    (word,) = wanted.words_of("低保")
    assert "最低生活保障" in word.others
    (word,) = wanted.words_of("低保名单")
    assert "最低生活保障名单" in word.others
    assert wanted.words_of("住房公积金")[0].others == ("公积金",)
    assert len(wanted.words_of(" ".join(chr(0x4E00 + at) for at in range(40)))) == wanted.MOST_WORDS


def test_the_order_of_equals_is_bound_then_used_then_code():
    def order(code: str, use_count: int, *, is_bound: bool) -> int:
        return schema.Card("1", code, "", "", "", is_bound=is_bound, use_count=use_count).order

    ranked = [
        order("307010/00002", 0, is_bound=True), order("307010/00001", 10**9, is_bound=False),
        order("307010/00001", 9, is_bound=False), order("307010/00001", 3, is_bound=False),
        order("307010/00002", 3, is_bound=False), order("307010/00010", 3, is_bound=False),
        order("30701A/1", 3, is_bound=False) - 1, order("4", 3, is_bound=False),
    ]  # fmt: skip
    assert ranked[:6] == sorted(ranked[:6], reverse=True)
    assert all(0 <= value < 1 << 63 for value in ranked)


def test_the_fingerprint_changes_with_everything_the_index_says():
    plain = schema.Card(id="1", code="c", name="n", items="i", text="t")
    cards = [
        plain, replace(plain, code="d"), replace(plain, name="m"), replace(plain, items="j"), replace(plain, text="u"),
        replace(plain, facets={"bound": "1"}), replace(plain, is_open=True), replace(plain, is_bound=True),
        replace(plain, use_count=1),
    ]  # fmt: skip
    assert len({card.print for card in cards}) == len(cards)
    assert replace(plain, id="2").print == plain.print


def test_the_words_are_what_they_claim():
    known = search_words()
    assert all(len(word) >= 3 for word in known.dictionary)
    assert all(name not in others for name, others in known.synonyms.items())
    assert compile_words("不动产\n", []).edition != known.edition
    with pytest.raises(ValueError, match="shorter"):
        compile_words("社保", [])
    with pytest.raises(ValueError, match="not a group"):
        compile_words("", [["一个"]])


@pytest.mark.parametrize(
    ("score", "band"), [(None, ""), (0, "0"), (74, "0"), (75, "75"), (89, "75"), (90, "90"), (100, "90")]
)
def test_scores_lie_in_bands(score: int | None, band: str):
    assert quality_band(score) == band


def test_pairs_of_two_halves_are_put_in_one_order():
    names = [f"名录{chr(0x4E00 + at)}" for at in range(30)]
    index = store.created()
    other = store.created()
    for made, part in ((index, range(0, 30, 2)), (other, range(1, 30, 2))):
        writer = made.writer(15_000_000, 1)
        for at in part:
            writer.add_document(
                schema.document(
                    schema.Card(str(at), f"307010/{at:05}", names[at], "", names[at], {"open": str(at % 2)})
                )
            )
        writer.commit()
        made.reload()
    halves = [Half(index.searcher()), Half(other.searcher())]
    words = wanted.words_of("名录")
    pages = [
        finder.top(halves, schema.EVERYBODY, words, {}, offset=at, limit=7) for at in range(0, 35, 7)
    ]  # fmt: skip
    assert [one for page in pages for one in page] == [str(at) for at in range(30)]
    facets, total = finder.count(halves, schema.EVERYBODY, words, {})
    assert (total, facets["open"]) == (30, {"0": 15, "1": 15})
    assert all(a != b for a, b in pairwise(pages[:-1]))
