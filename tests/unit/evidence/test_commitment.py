from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest

from jutong.evidence.commitment import CanonicalError, canonical, commit, strict_base64, strict_json

DEEP: Any = []
for _ in range(40):
    DEEP = [DEEP]


def test_names_are_sorted_and_nothing_is_spaced() -> None:
    assert canonical({"b": [1, None, True], "a": "入学\n\u001f\u007f"}) == (
        '{"a":"入学\\n\\u001f\u007f","b":[1,null,true]}'.encode()
    )


@pytest.mark.parametrize(
    "value",
    [1.0, 2**53, -(2**53), {"名": 1}, {1: 2}, b"x", {"a": {"b": {1, 2}}}, "\ud800", {"a": object()}, DEEP],
)
def test_what_has_no_exact_form_is_refused(value: Any) -> None:
    with pytest.raises(CanonicalError):
        canonical(value)


def test_a_refusal_names_the_member() -> None:
    with pytest.raises(CanonicalError) as found:
        canonical({"outer": [{"price": 1.5}]})
    assert found.value.where == "price"


def test_the_commitment_is_an_hmac() -> None:
    expected = hmac.new(b"s" * 32, b'{"a":1}', hashlib.sha256).digest()
    assert commit(b"s" * 32, canonical({"a": 1})) == base64.b64encode(expected).decode()


@pytest.mark.parametrize("text", ["QQ", "QR==", "Q Q==", "QQ==\n", "QQ=", "Q", "é", "QQ==QQ=="])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(ValueError):
        strict_base64(text)
    assert strict_base64("QQ==") == b"A"


@pytest.mark.parametrize("text", ["", "{", '{"a":1,"a":2}', "NaN", "[-Infinity]", "[" * 100_000, "1 2"])
def test_json_is_read_strictly(text: str) -> None:
    with pytest.raises(ValueError):
        strict_json(text)
    assert strict_json(' {"a": [1]} ') == {"a": [1]}
