from __future__ import annotations

from jutong.cli import text


def test_chinese_takes_two_columns():
    assert text.width("聚通 ok") == 7


def test_columns_line_up():
    assert text.columns([("角色", "a"), ("x", "bb")]) == ["角色  a", "x     bb"]
    assert text.columns([]) == []


def test_the_language_is_the_operators_or_the_source(monkeypatch):
    monkeypatch.setenv("JUTONG_LANGUAGE", "en")
    assert text.language() == "en"
    monkeypatch.setenv("JUTONG_LANGUAGE", "klingon")
    assert text.language() == "zh-hans"
