"""Files of old versions: removed when nobody may read the version any more, and never a job's that has not ended."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest
from click.testing import CliRunner

from jutong.cli.main import jutong
from jutong.kernel.clock import utc_now
from jutong.library.errors import TableBusyError
from jutong.library.overwrite import Overwrite, Proof
from jutong.library.proof import standing
from jutong.library.retention import Pruned, prune
from jutong.library.tables import read_digest, table_path
from jutong.node.exchange.modes import reconcile

DAY_MS = 86_400_000


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three versions: the first was replaced 20 days ago, the second 5 days ago."""
    path = table_path(tmp_path / "library", "landed", "11629900MB0000001X", "person")
    for rows in (3, 4, 5):
        write(path, rows)
    now_ms = int(utc_now().timestamp() * 1000)
    for version, days in ((1, 20), (2, 5)):
        log = path / "_delta_log" / f"{version:020d}.json"
        lines = [json.loads(line) for line in log.read_bytes().splitlines()]
        for line in lines:
            if "remove" in line:
                line["remove"]["deletionTimestamp"] = now_ms - days * DAY_MS
        log.write_text("\n".join(map(json.dumps, lines)))
    for file in path.glob("part-*"):
        os.utime(file, (1, 1))  # how old a file is says nothing of when it was replaced
    return path


def write(path: Path, rows: int, job: str = "") -> None:
    batch = pa.record_batch({"x": list(range(rows))})
    with Overwrite(path, job or str(uuid4())) as target:
        target.begin(batch.schema)
        target.begin_chunk(0)
        target.write(batch)
        target.finish()
        if job:
            target.hold()
            return
        digest = target.read_back().text()
        target.commit(Proof(target.job_id, rows, digest, digest, 1, rows))


def test_a_version_stays_readable_for_the_days_it_is_kept(table: Path) -> None:
    waiting = str(uuid4())
    write(table, 9, waiting)  # chunks of a job that is paused
    os.utime(next(table.glob(f"part-{waiting}-*")), (1, 1))
    before = [read_digest(table, version) for version in (1, 2)]
    known = standing(table)

    def pruned(days: int, **more: bool) -> Pruned:
        return prune(table, keep_days=days, now=utc_now(), at_work={waiting}, **more)

    assert pruned(21) == Pruned()
    assert pruned(10, dry=True) == pruned(10)
    assert [read_digest(table, version) for version in (1, 2)] == before  # 1 was the newest until 5 days ago
    with pytest.raises(Exception, match="part-"):
        read_digest(table, 0)
    assert pruned(4).files == 1
    assert (read_digest(table), standing(table)) == (before[1], known)  # no commit was made for it
    assert list(table.glob(f"part-{waiting}-*"))
    assert prune(table, keep_days=4, now=utc_now(), at_work=()).files == 1  # its job has ended without a commit
    assert pruned(1) == Pruned()
    with pytest.raises(ValueError, match="0 days"):
        pruned(0)
    with Overwrite(table, str(uuid4())), pytest.raises(TableBusyError):
        pruned(1)
    assert prune(table, keep_days=1, now=utc_now() + timedelta(days=9), at_work=()) == Pruned()


def test_the_nightly_look_tidies_tables_it_has_found_right(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(table.glob("part-*"))
    monkeypatch.setattr(os, "nice", lambda _: 0)
    assert reconcile.main([str(tmp_path)]) == 0
    assert sorted(table.glob("part-*")) == files  # for ever, unless the operator says otherwise
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path))
    told = CliRunner().invoke(jutong, ["exchange", "tidy", "--days", "10"])
    assert "1 个文件" in told.output, told.output
    monkeypatch.setenv("JUTONG_LIBRARY_KEEP_DAYS", "10")
    newest = max(files, key=lambda file: file.stat().st_size)
    content = newest.read_bytes()
    newest.write_bytes(content[:-9] + b"damaged!!")
    assert reconcile.main([str(tmp_path)]) == 0
    assert sorted(table.glob("part-*")) == files
    newest.write_bytes(content)
    assert reconcile.main([str(tmp_path)]) == 0
    assert len(list(table.glob("part-*"))) == 2
    assert capsys.readouterr().out.count('"same"') == 2
    assert "1 个文件" in CliRunner().invoke(jutong, ["exchange", "tidy", "--days", "1", "--remove"]).output
    assert len(list(table.glob("part-*"))) == 1
