from __future__ import annotations

import pytest

from jutong.standards import resource_code


@pytest.mark.parametrize("code", ["307001/000001", "101001AB12/1", "203045/Z9"])
def test_codes_come_apart_and_together(code):
    assert resource_code.check(code) is None
    assert str(resource_code.parse(code)) == code


def test_parts():
    parts = resource_code.parse("307001A2/00012")
    assert (parts.kind, parts.item, parts.subject, parts.detail, parts.sequence) == ("3", "07", "001", "A2", "00012")
    assert parts.classification == "307001A2"
    assert resource_code.KINDS[parts.kind] == "部门信息资源"


@pytest.mark.parametrize(
    ("code", "place", "found"),
    [
        ("307001000001", "分隔符", "307001000001"),
        ("407001/1", "类", "4"),
        ("/1", "类", ""),
        ("3A7001/1", "项", "A7"),
        ("30700/1", "目", "00"),
        ("307001a/1", "细目", "a"),
        ("307００1/1", "目", "００1"),
        ("307001/", "顺序码", ""),
        ("307001/1/2", "顺序码", "1/2"),
        ("307001/1\n", "顺序码", "1\n"),
        ("307001/" + "1" * 58, "长度", "65"),
    ],
)
def test_a_wrong_code_is_told_where_and_what(code, place, found):
    finding = resource_code.check(code)
    assert finding is not None
    assert (finding.place, finding.found) == (place, found)
    with pytest.raises(resource_code.ResourceCodeError):
        resource_code.parse(code)


def test_running_numbers_are_padded():
    assert resource_code.form(classification="307001", sequence=12) == "307001/00012"
    assert resource_code.form(classification="307001", sequence=123456, width=3) == "307001/123456"
    with pytest.raises(resource_code.ResourceCodeError):
        resource_code.form(classification="30700", sequence=1)
    with pytest.raises(ValueError, match="begin at 1"):
        resource_code.form(classification="307001", sequence=0)
