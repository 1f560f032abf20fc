from __future__ import annotations

import hashlib

import pytest
import rfc8785

from jutong.kernel.canonical import canonical_json, digest


def test_keys_are_sorted_and_blanks_dropped():
    assert canonical_json({"b": 1, "a": [True, None, "市"]}) == '{"a":[true,null,"市"],"b":1}'.encode()


def test_the_sample_of_rfc_8785():
    value = {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001]}
    assert canonical_json(value) == b'{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'


def test_order_does_not_change_the_digest():
    expected = "sha256:" + hashlib.sha256(b'{"a":1,"b":2}').hexdigest()
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) == expected


@pytest.mark.parametrize("value", [2**53 + 1, float("nan"), {1: 2}])
def test_what_json_cannot_carry_exactly_is_refused(value):
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical_json(value)
