"""`jutong tour` on a platform of its own: the whole way, twice, with evidence that stands and falls by a byte."""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import platform as running
from tests.e2e.platform import Platform

pytestmark = pytest.mark.e2e
TOUR_SECONDS = 180


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, Path, str]]:
    """A platform after one tour, the folder it left and what it said."""
    made = running.start()
    out = tmp_path_factory.mktemp("tour")
    done = made.run("tour", "--out", str(out), seconds=TOUR_SECONDS)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{made.logs()}"
    yield made, out, done.stdout
    running.stop(made)


def test_it_says_what_proves_each_step(toured: tuple[Platform, Path, str]) -> None:
    said = toured[2]
    assert len(re.findall(r"^\d\. ", said, re.MULTILINE)) == 8
    assert len(set(re.findall(r"SQ\d{8}-\d{4}", said))) == 2
    assert len(set(re.findall(r"GQ\d{8}-\d{4}", said))) == 2
    assert len(re.findall(r"日志第\d+条，树共\d+条，根[0-9a-f]{32}", said)) == 4
    for code in ("node.call.purpose-differs", "node.call.field-not-granted", "node.signature.replayed"):
        assert f"（{code}）" in said
    found = re.search(r"([\d.]+)秒后网关拒绝调用", said)
    assert found is not None
    assert float(found[1]) <= 5


def test_what_it_leaves_verifies_offline_and_falls_by_one_byte(
    toured: tuple[Platform, Path, str], tmp_path: Path
) -> None:
    platform, out, _ = toured
    receipt, record, keys = out / "receipt.txt", out / "record.json", out / "keys"
    assert stat.S_IMODE((out / "caller.key").stat().st_mode) == 0o600
    copy = tmp_path / "evidence"
    shutil.copytree(platform.home / "evidence", copy)
    check = ("evidence", "verify", str(receipt), "--record", str(record), "--keys", str(keys), "--log", str(copy))
    done = platform.run(*check)
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads(record.read_text("utf-8"))
    content["record"]["case_number"] = "RX-2027-000009"
    changed = tmp_path / "record.json"
    changed.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    altered = platform.run("evidence", "verify", str(receipt), "--record", str(changed), "--keys", str(keys))
    assert altered.returncode == 1
    assert "evidence.record" in altered.stderr
    tile = next(
        path for path in sorted(copy.rglob("*")) if path.is_file() and path.name != "keys" and "tile" in str(path)
    )
    raw = bytearray(tile.read_bytes())
    raw[-1] ^= 1
    tile.write_bytes(raw)
    assert platform.run(*check).returncode == 1


def test_it_walks_the_whole_way_again(toured: tuple[Platform, Path, str]) -> None:
    platform, _, first = toured
    done = platform.run("tour", seconds=TOUR_SECONDS)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{platform.logs()}"
    grants = set(re.findall(r"上次的授权(GQ\d{8}-\d{4})由", done.stdout))
    assert grants == set(re.findall(r"GQ\d{8}-\d{4}", first))
