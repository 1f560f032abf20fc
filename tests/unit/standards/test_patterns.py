from __future__ import annotations

import random
from datetime import date

import pytest

from jutong.standards import generate
from jutong.standards.patterns import BY_ID, LONGEST, PATTERNS, count, patterns_of

RNG = random.Random(7)
IDENTITY = generate.identity_number(RNG, division="330102", born_on=date(1988, 2, 29), sex="女")
OLD = generate.old_identity_number(RNG, division="330102", born_on=date(1956, 7, 1), sex="男")
CREDIT = generate.unified_credit_code(RNG, division="330102")

HAS = {
    "identity": [IDENTITY, IDENTITY.lower(), OLD],
    "phone": ["13800138000", "+86 13800138000", "86-19912345678"],
    "landline": ["0571-88888888", "02088888888", "400-820-8820", "0571-88888888-801"],
    "name": ["王小明", "李雷", "欧阳娜娜", "司马光", "古丽娜尔·艾合买提", "买买提•吐尔逊"],
    "address": ["金河市东湖区学府路12号3幢201室", "西山县大桥镇新民村三组"],
    "bank-card": ["6222021234567890128", "4111 1111 1111 1111"],
    "plate": ["浙A12345", "京AD12345", "沪A·8K3Q1", "粤B12345D", "苏E1234学"],
    "credit-code": [CREDIT],
    "passport": ["E12345678", "EA1234567", "H12345678"],
    "e-mail": ["li.lei@example.gov.cn"],
    "date": ["2026-11-20", "20261120", "2026/1/2", "2026年11月20日"],
    "datetime": ["2026-11-20 10:24:00", "20261120 102400", "2026-11-20T10:24:00.123+08:00"],
    "division": ["330102", "330102001", "330102001001"],
    "ip": ["10.0.0.1", "fe80::1"],
    "url": ["https://example.gov.cn/a?b=1"],
    "integer": ["42", "-7"],
    "decimal": ["3.14"],
}
HAS_NOT = {
    "identity": [generate.with_wrong_check(RNG, IDENTITY), "330102198802300011", "abc"],
    "phone": ["12800138000", "1380013800", "138001380001"],
    "landline": ["1571-88888888"],
    "name": ["婚姻", "男", "王小明明明明", "Smith", "金河市民政局", "王 小明"],
    "address": ["上海", "无", "一二三四五六七"],
    "bank-card": ["6222021234567890129", "622202", "1222021234567890128"],
    "plate": ["浙I12345", "A12345", "浙A1234"],
    "credit-code": [generate.with_wrong_check(RNG, CREDIT), CREDIT[:-1]],
    "passport": ["12345678", "ZZ1234567"],
    "e-mail": ["a@b", "@example.cn"],
    "date": ["2026-13-20", "20260230", "1799-01-01", "昨天"],
    "datetime": ["2026-11-20", "2026-02-30 10:00:00", "2026-11-20 25:00"],
    "division": ["990102", "33010"],
    "ip": ["10.0.0.256", "1234"],
    "url": ["example.gov.cn"],
    "integer": ["3.14", "一"],
    "decimal": ["3"],
}


@pytest.mark.parametrize(("form", "value"), [(form, value) for form, values in HAS.items() for value in values])
def test_a_value_has_its_form(form: str, value: str) -> None:
    assert form in patterns_of(f"  {value} ")


@pytest.mark.parametrize(("form", "value"), [(form, value) for form, values in HAS_NOT.items() for value in values])
def test_a_near_miss_has_not(form: str, value: str) -> None:
    assert form not in patterns_of(value)


def test_every_form_is_tested_both_ways_and_named() -> None:
    assert set(HAS) == set(HAS_NOT) == set(BY_ID) == {pattern.id for pattern in PATTERNS}
    assert all(pattern.label for pattern in PATTERNS)


def test_counts_leave_out_what_none_has() -> None:
    assert count(["13800138000", "", "  ", "王小明", "13900139000"]) == {"phone": 2, "name": 1, "integer": 2}
    assert count([]) == {}


def test_long_texts_are_only_looked_at_as_addresses_and_links() -> None:
    long = "金河市东湖区学府路12号" + "附" * LONGEST * 2
    assert patterns_of(long) == ("address",)
    assert patterns_of("1" * 65) == ()
