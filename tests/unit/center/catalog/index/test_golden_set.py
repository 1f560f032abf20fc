"""What real queries over real entries must find. Rules over the texts made the expected answers, not the search."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from jutong.center.catalog.index import finder, schema, store, wanted
from jutong.center.catalog.index.finder import Half
from jutong.center.catalog.tokens import normalise
from jutong.demo.catalog_data import all_entries

DATA = Path(__file__).resolve().parents[4] / "data"
GOLDEN: list[dict[str, Any]] = json.loads((DATA / "golden_queries.json").read_text("utf-8"))["queries"]
AT = 20
LEAST_RECALL = 0.95


def texts() -> list[dict[str, Any]]:
    excerpt = json.loads(gzip.decompress((DATA / "search" / "entries.json.gz").read_bytes()))
    demo = [
        {"id": row.key, "title": row.name, "summary": row.summary, "provider": "", "items": [i.name for i in row.items]}
        for row in all_entries()
    ]
    return [*demo, *excerpt]


def card(row: dict[str, Any]) -> schema.Card:
    parts = (row["title"], row["summary"], *row["items"], row["provider"])
    return schema.Card(
        id=row["id"],
        code=row["id"],
        name=normalise(row["title"]),
        items=" ".join(map(normalise, row["items"])),
        text=" ".join(filter(None, map(normalise, parts))),
    )


@pytest.fixture(scope="module")
def half() -> Half:
    index = store.created()
    writer = index.writer(50_000_000, 1)
    for row in texts():
        writer.add_document(schema.document(card(row)))
    writer.commit()
    index.reload()
    return Half(index.searcher())


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def by_rule(rule: str, rows: list[dict[str, Any]]) -> tuple[str, list[str]]:
    fits = re.compile(rule, re.IGNORECASE).search
    found = [row["id"] for row in rows if fits(plain(row["title"]))]
    if found:
        return "title", found
    found = [row["id"] for row in rows if any(fits(plain(item)) for item in row["items"])]
    if found:
        return "item", found
    return "text", [row["id"] for row in rows if fits(plain(row["summary"])) or fits(plain(row["provider"]))]


def test_the_set_is_large_and_has_words_of_every_length():
    kinds = {row["kind"] for row in GOLDEN}
    assert len(GOLDEN) >= 200
    assert len({(row["q"], row["kind"]) for row in GOLDEN}) == len(GOLDEN)
    assert sum(len(row["q"]) == 2 and not row["q"].isascii() for row in GOLDEN) >= 80
    assert kinds == {"one character", "two characters", "long", "several words", "latin", "pinyin", "meaning"}


def test_the_expected_answers_are_what_the_rules_say():
    rows = texts()
    for query in GOLDEN:
        assert by_rule(query["rule"], rows) == (query["where"], query["expected"]), query["q"]


def test_recall_among_the_first_twenty(half: Half):
    recalls: defaultdict[str, list[float]] = defaultdict(list)
    for query in GOLDEN:
        found = finder.top([half], schema.EVERYBODY, wanted.words_of(query["q"]), {}, offset=0, limit=AT)
        hits = len(set(found) & set(query["expected"]))
        recalls[query["kind"]].append(hits / min(AT, len(query["expected"])))
    means = {kind: sum(values) / len(values) for kind, values in recalls.items()}
    every = [value for values in recalls.values() for value in values]
    assert {kind: mean for kind, mean in means.items() if mean < LEAST_RECALL} == {}
    assert sum(every) / len(every) >= LEAST_RECALL


def test_a_phrase_is_exact(half: Half):
    """Every entry a phrase finds by itself holds it: pairs that only happen to be there do not count."""
    rows = {row["id"]: row for row in texts()}
    for query in GOLDEN:
        word = wanted.Word(query["q"])
        if query["kind"] != "long" or not word.text:
            continue
        found = finder.top([half], schema.EVERYBODY, (word,), {}, offset=0, limit=5000)
        assert len(found) == finder.count([half], schema.EVERYBODY, (word,), {})[1]
        for one in found:
            row = rows[one]
            said = "|".join((row["title"], row["summary"], *row["items"], row["provider"]))
            assert query["q"] in normalise(said).replace(" ", "|")
