"""The writer of the search index is killed at any moment: what is on disk is one commit, whole."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from jutong.center.catalog.index import finder, schema, store, wanted
from tests.fault import index_writer_killed as killed

pytestmark = pytest.mark.fault


@pytest.mark.parametrize("seed", range(3))
def test_entries_and_cursor_are_of_one_commit(tmp_path: Path, seed: int):
    folder = tmp_path / "made"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fault.index_writer_killed", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "jutong.center.conf"},
    ) as child:
        assert child.stdout is not None
        said = [int(child.stdout.readline()) for _ in range(random.Random(seed).randrange(1, 40))][-1]
        child.kill()
        child.wait()
    index = store.opened(folder)
    searcher = index.searcher()
    cursor = store.cursor_of(searcher)
    assert cursor >= said
    assert store.entries_in(searcher) == cursor
    half = finder.Half(searcher)
    assert finder.count([half], schema.EVERYBODY, wanted.words_of("名录"), {})[1] == cursor
    writer = index.writer(15_000_000, 1)  # the killed process holds nothing back
    writer.delete_documents_by_term("id", schema.CURSOR_ID)
    writer.add_document(schema.cursor_document(cursor + killed.EACH))
    writer.commit()
    index.reload()
    assert store.cursor_of(index.searcher()) == cursor + killed.EACH
