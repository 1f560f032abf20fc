from __future__ import annotations

import struct

import pytest

from jutong.kernel import i18n


def catalog(entries: dict[str, str]) -> bytes:
    """A compiled message catalog, as msgfmt writes it."""
    entries = {"": "Content-Type: text/plain; charset=UTF-8\n", **entries}
    pairs = sorted((key.encode(), value.encode()) for key, value in entries.items())
    start = 28 + 16 * len(pairs)
    ids, texts = b"", b""
    spans: list[tuple[int, int, int, int]] = []
    for key, value in pairs:
        spans.append((len(key), len(ids), len(value), len(texts)))
        ids += key + b"\0"
        texts += value + b"\0"
    keys_at, values_at = start, start + len(ids)
    table = b"".join(struct.pack("<II", size, keys_at + at) for size, at, _, _ in spans)
    table += b"".join(struct.pack("<II", size, values_at + at) for _, _, size, at in spans)
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    return head + table + ids + texts


@pytest.fixture
def english(tmp_path, monkeypatch):
    folder = tmp_path / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(catalog({"目录": "catalog"}))
    monkeypatch.setattr(i18n, "LOCALE_DIR", tmp_path)
    i18n._messages.cache_clear()
    yield
    i18n._messages.cache_clear()


@pytest.mark.parametrize(
    ("language", "text"), [("en", "catalog"), ("en-GB", "catalog"), ("zh-hans", "目录"), ("ZH", "目录"), ("fr", "目录")]
)
def test_sentences_are_translated_once_for_everything(english, language, text):
    assert i18n.translate("目录", language) == text


def test_an_empty_sentence_is_not_the_header_of_the_catalog(english):
    assert i18n.translate("", "en") == ""


def test_unknown_sentences_stay_as_they_are(english):
    assert i18n.translate("没有翻译", "en") == "没有翻译"


def test_marking_changes_nothing():
    assert i18n.gettext_noop("目录") == "目录"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh-hans"),
        ("en-US,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("fr, en;q=0.5", "en"),
        ("fr", "zh-hans"),
        (" EN ", "en"),
    ],
)
def test_the_caller_is_answered_in_the_language_asked_for(header, language):
    assert i18n.preferred(header) == language
