"""Steps over whole columns do what they say of one value."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.contracts import steps as step
from jutong.node.exchange.steps import derived
from jutong.node.exchange.steps.codes import Translation
from jutong.node.exchange.steps.texts import standardised
from jutong.standards import identity
from jutong.standards.code_tables import DIVISIONS, shipped
from jutong.standards.codes import arrive

ODD = "张ＡＢ１（·.　 \u00a0\u2003\t\u200b\ufeff\x00\x1f\uf900\u2f00\ue815\ue864𠀀😀aZ-"
BLACK = st.text(st.characters(exclude_categories=("Cs", "Co")), max_size=6)
texts = st.lists(st.one_of(st.none(), st.text(alphabet=ODD, max_size=9), BLACK), max_size=9)


def rewritten(text: str) -> str:
    """Write a text the standard way, a character at a time."""
    return " ".join("".join(map(one, text)).split(" ")).strip(" ")


def one(char: str) -> str:
    point = ord(char)
    if char in "\u00ad\u2060\ufeff\x7f" or point < 9 or 13 < point < 32 or 0x200B <= point < 0x2010:
        return ""
    if 0xFF01 <= point <= 0xFF5E and chr(point - 0xFEE0).isalnum():
        return chr(point - 0xFEE0)
    if char.isspace():
        return " "
    if 0x2E80 <= point < 0x2FE0 or 0xF900 <= point < 0xFB00 or 0x2F800 <= point < 0x2FA20:
        same = unicodedata.normalize("NFKC", char)
        return same if len(same) == 1 else char
    return {"\ue815": "\u2e81", "\ue864": "\u9fbb"}.get(char, char)


def column(values: list[str | None], cut: int = 0) -> pa.Array[pa.StringScalar]:
    """Return the values as part of a longer array, as batches come."""
    return pa.array(["前Ａ", *values, "后Ａ"], pa.string())[1 : len(values) + 1][cut:]


@settings(max_examples=300, deadline=None)
@given(texts, st.integers(0, 2))
def test_texts_are_written_one_way(values: list[str | None], cut: int) -> None:
    way = step.Standardise(id="s", column="c", spaces="trim", variants=True)
    expected = [None if value is None else rewritten(value) for value in values[cut:]]
    assert standardised(way, column(values, cut)).to_pylist() == expected


@pytest.mark.parametrize(
    ("way", "before", "after"),
    [
        ({"dots": True}, "阿卜杜拉•买买提.江．孜", "阿卜杜拉·买买提·江·孜"),
        ({"dots": True}, "a.b", "a.b"),
        ({}, "阿卜杜拉•买买提", "阿卜杜拉•买买提"),
        ({"width": "all"}, "（Ａ）", "(A)"),
        ({"width": "keep"}, "（Ａ）", "（Ａ）"),
        ({"spaces": "single"}, "  张\u3000 \u00a0三 ", "张 三"),
        ({"spaces": "none", "letters": "upper"}, "ａb 1\u3000x", "AB1X"),
        ({"spaces": "keep", "letters": "lower"}, " Ａ ", " a "),
        ({"invisible": False}, "a\u200b", "a\u200b"),
        ({"variants": True}, "昇喆淼龍", "昇喆淼龍"),  # lawful names are not touched
    ],
)
def test_ways_of_writing(way: dict[str, object], before: str, after: str) -> None:
    asked = step.Standardise.model_validate({"id": "s", "column": "c", **way})
    assert standardised(asked, column([before, None])).to_pylist() == [after, None]


def translated(*values: str | None, **fields: object) -> tuple[list[str | None], list[bool]]:
    asked = step.Translate.model_validate({"id": "t", "column": "c", **fields})
    found, missing = Translation(asked)(pa.array(values, pa.string()))
    return found.to_pylist(), missing.tolist()


def test_codes_follow_the_editions_of_their_table() -> None:
    """Every code of an edition becomes the one code of a later edition that is surely its successor, or breaks."""
    table = {one.key: one for one in shipped()}[DIVISIONS]
    start, end = date(1995, 12, 31), date(2022, 12, 31)
    codes = [*sorted({span.code for span in table.spans if span.in_force(start)})[::40], "110221", "110103"]
    now = {span.code for span in table.spans if span.in_force(end)}
    days = {"table": DIVISIONS, "from_day": str(start), "to_day": str(end)}
    found, missing = translated(*codes, "999999", None, **days)
    for code, there, broken in zip(codes, found, missing, strict=False):
        arrivals = arrive(code, start, end, table.changes())
        sure = {one.code for one in arrivals if all(way.certainty == "sure" for way in arrivals)}
        expected = sure.pop() if len(sure) == 1 and sure <= now else None
        assert (there, broken) == (expected, expected is None), code
    assert found[-4:] == ["110114", "110101", None, None]  # 昌平县, 崇文区 (merged), no code, no value
    assert missing[-2:] == [True, False]


def test_codes_names_and_own_pairs() -> None:
    sex = {"table": "gbt2261.1-sex"}
    assert translated("1", "2", "7", gives="name", **sex) == (["男性", "女性", None], [False, False, True])
    own = {"pairs": [["男", "1"], ["女", "2"]]}
    assert translated("男", "女", "?", None, **own) == (["1", "2", None, None], [False, False, True, False])
    assert translated("男", "?", **own, otherwise="keep") == (["1", "?"], [False, False])
    assert translated("男", "?", **own, otherwise="null") == (["1", None], [False, False])
    several = {"table": DIVISIONS, "reads": "name"}  # 郊区: many cities had one
    assert translated("北京市", "郊区", **several) == (["110000", None], [False, True])


@given(
    st.lists(st.decimals(-99999, 99999, places=3), min_size=1, max_size=8),
    st.decimals(-999, 999, places=2),
    st.sampled_from(["add", "subtract", "multiply"]),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_arithmetic_is_exact(values: list[Decimal], amount: Decimal, operator: str, rounds: bool) -> None:
    asked = step.Arithmetic.model_validate(
        {"id": "a", "column": "c", "into": "d", "operator": operator, "amount": str(amount), "precision": 7,
         "rounds": rounds}
    )  # fmt: skip
    kind = pa.decimal128(8, 3)
    found, broken = derived.Calculation(asked, kind, None)(pa.array([*values, None], kind), None)
    for value, got, bad in zip(values, found.to_pylist(), broken.tolist(), strict=False):
        with localcontext(Context(prec=60)):
            exact = {"add": value + amount, "subtract": value - amount, "multiply": value * amount}[operator]
            rounded = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        fits = abs(rounded) < 100_000 and (rounds or rounded == exact)
        assert (got, bad) == ((rounded, False) if fits else (None, True)), (value, exact)
    assert (found[-1].as_py(), broken[-1]) == (None, False)


def test_arithmetic_refuses_what_it_cannot_count() -> None:
    asked = step.Arithmetic(id="a", column="c", into="d", operator="multiply", other="e")
    for left, right in ((pa.float64(), pa.int32()), (pa.decimal128(38, 0), pa.decimal128(38, 0))):
        with pytest.raises(pa.ArrowInvalid):
            derived.Calculation(asked, left, right)
    whole = derived.Calculation(asked, pa.int64(), pa.int32())
    found, broken = whole(pa.array([2**62, 3]), pa.array([2, 4], pa.int32()))
    assert (found.to_pylist(), broken.tolist()) == ([None, Decimal("12.00")], [True, False])
    for text in ("", "1e3", "x", "١"):
        with pytest.raises(pa.ArrowInvalid):
            derived.amount(text)


def test_instants_of_a_zone() -> None:
    """Of an hour that came twice the earlier is meant; one that never was is told (summers of 1986 to 1991)."""
    never, twice = datetime(1986, 5, 4, 2, 30), datetime(1986, 9, 14, 1, 30)  # noqa: DTZ001 - naive is the point
    plain = [datetime(1986, 5, 4, 0, 0) + timedelta(hours=5 * hour) for hour in range(24 * 9)]  # noqa: DTZ001
    zone = ZoneInfo("Asia/Shanghai")
    found, broken = derived.instants("Asia/Shanghai", pa.array([*plain, twice, None, never], derived.NAIVE))
    assert found.to_pylist() == [one.replace(tzinfo=zone).astimezone(UTC) for one in (*plain, twice)] + [None, None]
    assert broken.tolist() == [False] * (len(plain) + 2) + [True]


def test_parts_of_dates_and_identity_numbers() -> None:
    instants = pa.array([datetime(2024, 2, 29, 17, 0, tzinfo=UTC), None], derived.INSTANT)  # the next day in Beijing
    parts = {"year": 2024, "quarter": 1, "month": 3, "day": 1, "weekday": 5, "hour": 1}
    for part, expected in parts.items():
        asked = step.DatePart.model_validate({"id": "d", "column": "c", "into": "p", "part": part})
        assert derived.date_part(asked, instants).to_pylist() == [expected, None]
    body = "11010519491231002"
    numbers = [body + identity.check_character(body), "110105491231003", "11010519491231", None]
    for part, made in {
        "birth-date": [date(1949, 12, 31), date(1949, 12, 31), None, None],
        "sex": ["2", "1", None, None],
        "division": ["110105", "110105", None, None],
    }.items():
        wanted = step.IdentityPart.model_validate({"id": "i", "column": "c", "into": "p", "part": part})
        found, broken = derived.identity_part(wanted, pa.array(numbers))
        assert (found.to_pylist(), broken.tolist()) == (made, [False, False, True, False])


def test_texts_joined_cut_and_padded() -> None:
    """Arrow's own way of leaving out nulls loses the rows that have nothing else; ours keeps them."""
    left, right = pa.array(["a", None, None, ""]), pa.array([1, 2, None, 3])
    asked = step.Concat(id="c", columns=("a", "b"), into="d", separator="-", nulls="skip")
    assert derived.concat(asked, [left, right]).to_pylist() == ["a-1", "2", None, "-3"]
    strict = asked.model_copy(update={"nulls": "null"})
    assert derived.concat(strict, [left, right]).to_pylist() == ["a-1", None, None, "-3"]
    cut = step.Substring(id="s", column="c", into="d", start=2, length=2)
    assert derived.substring(cut, pa.array(["𠀀张三李", "a", None])).to_pylist() == ["张三", "", None]
    pad = step.AsText(id="p", column="c", pad=6)
    assert derived.padded(pad, pa.array([11, -1, 1234567, None])).to_pylist() == ["000011", "-00001", "1234567", None]
