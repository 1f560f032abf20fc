"""Folders on an SFTP server and in an object store: read like any folder, written like any folder, refused by name."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from jutong.contracts.landing import Landing
from jutong.contracts.modes import MergeMode
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.node import sources
from jutong.node.connectors.introspect import inventory, probe
from jutong.node.connectors.tables import opened
from jutong.node.exchange.jobs import JobFolder
from jutong.node.exchange.move import Workplace, move
from jutong.node.exchange.progress import Held
from jutong.node.exchange.readers import manifest
from jutong.node.exchange.retry import transient
from jutong.node.files import arrival, fetching, matching
from jutong.node.files.mapping import FileTable
from jutong.node.files.stores import open_remote
from jutong.node.files.stores.errors import StoreLostError
from jutong.node.sources import SourceConfig
from tests import file_servers
from tests.unit.node.exchange.moving import ORGANISATION, landed, order_for, run_move, sqlite_source

COLUMNS = ("姓名", "号码")


class Elsewhere:
    """One empty folder of one server."""

    def __init__(self, store: dict[str, Any], home: Path) -> None:
        self.store, self.home = store, home

    def source(self, *, writes: tuple[str, ...] = (), **table: Any) -> SourceConfig:
        """Return the folder as the node's own configuration names it, taken from such a file."""
        mapped = {"pattern": "in/**/*.csv*", "format": "csv", "settle_seconds": 0, **table}
        row = {
            "name": "afar", "dialect": "files", "organisation_code": ORGANISATION, "store": self.store,
            "writes": writes, "files": {"tables": {"t": mapped}},
        }  # fmt: skip
        path = self.home / "sources.json"
        path.write_text(json.dumps([row]), encoding="utf-8")
        path.chmod(0o600)
        found = sources.load(path)["afar"]
        assert sources.from_row(json.loads(json.dumps(sources.as_row(found)))) == found
        return found

    def put(self, name: str, content: bytes | str) -> None:
        path = self.home / "to-put"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with open_remote(self.source()) as store:
            store.put(path, name)

    def there(self) -> dict[str, bytes]:
        with open_remote(self.source()) as store:
            return {found.name: b"".join(store.blocks(found.name)) for found in store.every("")}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        found: dict[str, Any] = {}
        if not file_servers.why_no_sshd():
            found["sftp"] = stack.enter_context(file_servers.sshd(tmp_path_factory.mktemp("sshd")))
        if not file_servers.why_no_s3():
            found["s3"] = stack.enter_context(file_servers.object_store())
        yield found


@pytest.fixture(params=["sftp", "s3"])
def afar(request: pytest.FixtureRequest, servers: dict[str, Any], tmp_path: Path) -> Elsewhere:
    if request.param not in servers:
        pytest.skip(file_servers.why_no_sshd() if request.param == "sftp" else file_servers.why_no_s3())
    (tmp_path / "root").mkdir()
    if request.param == "s3":
        return Elsewhere({**servers["s3"], "folder": f"{servers['s3'].get('folder', '')}/{tmp_path.name}"}, tmp_path)
    return Elsewhere(cast("file_servers.Sshd", servers["sftp"]).store(tmp_path / "root"), tmp_path)


def csv(*rows: tuple[str, str]) -> str:
    return "姓名,号码\n" + "".join(f"{name},{number}\n" for name, number in rows)


def test_files_are_read_like_those_of_a_folder_and_nothing_stays_behind(
    afar: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    afar.put("in/a.csv", csv(("张三", "1"), ("李四", "2")).encode("gb18030"))
    afar.put("in/deep/er/b.csv.gz", gzip.compress(csv(("王五麻子", "")).encode()))
    for name in ("in/c.csv.part", "in/.d.csv", "other/e.csv", "in/f.txt"):
        afar.put(name, csv(("没有", "9")))
    source = afar.source(arrival="all")
    probe(source)
    assert [column.name for column in inventory(source)[0].columns] == list(COLUMNS)
    with opened(source, "files", "t") as table:
        assert [cell[0] for cell in table.sample(5)[0]] in (["张三", "1"], ["王五麻子", None])
    with monkeypatch.context() as patched:  # of a large file only the first lines are copied to look at it
        patched.setattr(fetching, "GLIMPSE", 20)
        with opened(afar.source(pattern="in/*.csv"), "files", "t") as table:
            assert (list(table.columns), [row[0][0] for row in table.sample(5)]) == (list(COLUMNS), ["张三"])
    source = afar.source(arrival="all")
    order = order_for(source, "files", "t", *COLUMNS)
    receipt = run_move(order, source, afar.home)
    assert sorted(landed(afar.home).to_pylist(), key=lambda row: row["姓名"]) == [
        {"姓名": "张三", "号码": "1"}, {"姓名": "李四", "号码": "2"}, {"姓名": "王五麻子", "号码": None},
    ]  # fmt: skip
    assert [file.name for file in receipt.files] == ["in/a.csv", "in/deep/er/b.csv.gz"]
    assert not (afar.home / "jobs" / order.job_id / fetching.SPOOL).exists()


def test_with_a_marker_only_complete_files_count_and_what_was_moved_is_not_copied_again(
    afar: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = afar.source(arrival="unseen", marker=".ok")
    home = afar.home / "home"
    mode = MergeMode(keys=("姓名",))
    copied: list[str] = []
    fetch = fetching._fetch

    def noted(*given: Any) -> None:
        copied.append(given[1].name)
        fetch(*given)

    monkeypatch.setattr(fetching, "_fetch", noted)

    def run(number: int) -> int:
        order = order_for(source, "files", "t", *COLUMNS).model_copy(
            update={"mode": mode, "job_id": str(UUID(int=number))}
        )
        folder = JobFolder(home, order.job_id)
        folder.accept(order)
        place = Workplace(home / "library", folder.path)
        receipt = move(order, source, place=place, clock=utc_now, progress=lambda _: None)
        folder.finish(receipt)
        return receipt.rows_read

    afar.put("in/1.csv", csv(("张三", "1")))
    with pytest.raises(JutongError) as none:
        run(1)
    assert none.value.code == "node.files.none"
    shutil.rmtree(home / "node" / "jobs")
    afar.put("in/1.csv.ok", "")
    afar.put("in/2.csv", csv(("李四", "2"), ("王五", "3")))
    assert (run(2), copied) == (1, ["in/1.csv"])
    afar.put("in/2.csv.ok", "")
    assert (run(3), copied) == (2, ["in/1.csv", "in/2.csv"])
    assert (run(4), copied) == (0, ["in/1.csv", "in/2.csv", "in/2.csv"])  # the last one tells the columns


def test_a_held_job_keeps_its_copies_and_a_file_written_meanwhile_is_copied_anew(afar: Elsewhere) -> None:
    afar.put("in/a.csv", csv(("张三", "1")))
    source = afar.source()
    order = order_for(source, "files", "t", *COLUMNS)

    def hold(_: object) -> None:
        if (afar.home / "jobs" / order.job_id / manifest.FILE).exists():
            raise Held

    with pytest.raises(Held):
        run_move(order, source, afar.home, progress=hold)
    spool = afar.home / "jobs" / order.job_id / fetching.SPOOL
    assert [path.read_text(encoding="utf-8") for path in spool.iterdir()] == [csv(("张三", "1"))]
    afar.put("in/a.csv", csv(("李四", "22")))
    assert run_move(order, source, afar.home).rows_written == 1
    assert landed(afar.home).to_pylist() == [{"姓名": "李四", "号码": "22"}]
    assert not spool.exists()


def test_rows_are_delivered_there_once_whatever_breaks_off(afar: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    into = afar.source(writes=("out/daily",))
    store = type(open_remote(into).__enter__())
    source = sqlite_source(
        afar.home, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, '张三')"
    )
    landing = Landing(
        source="afar", schema_name="out/daily", table="p.jsonl", columns=(("id", "编号"), ("name", "姓名"))
    )
    content = '{"编号":1,"姓名":"张三"}\n'.encode()
    broken = 0
    for at in range(20):
        order = order_for(source, "", "t", "id", "name").model_copy(
            update={"into": landing, "job_id": str(UUID(int=at))}
        )
        steps: list[str] = []

        def breaking(real: Any, seen: list[str] = steps, at: int = at) -> Any:
            def step(self: Any, *given: Any) -> Any:
                if len(seen) == at:
                    seen.append("broken")
                    raise StoreLostError(source="afar", reason="connection lost")
                seen.append("done")
                return real(self, *given)

            return step

        with monkeypatch.context() as patched:
            for name in ("put", "move"):
                patched.setattr(store, name, breaking(getattr(store, name)))
            try:
                run_move(order, source, afar.home, into)
            except StoreLostError:
                broken += 1
        assert afar.there().get("out/daily/p.jsonl", content) == content
        assert run_move(order, source, afar.home, into).rows_written == 1
        there = afar.there()
        assert set(there) == {"out/daily/p.jsonl", "out/daily/p.jsonl.manifest.json"}
        assert json.loads(there["out/daily/p.jsonl.manifest.json"])["job"] == order.job_id
        if "broken" not in steps:
            break
    assert broken >= 4


def test_another_server_and_a_refused_sign_in_are_named_and_nothing_is_tried_again(
    servers: dict[str, Any], tmp_path: Path
) -> None:
    wrong: list[tuple[dict[str, Any], str, str]] = []
    if (sshd := servers.get("sftp")) is not None:
        other = " ".join((sshd.folder / "other.pub").read_text("ascii").split()[:2])
        wrong += [
            (sshd.store(tmp_path, host_keys=[other]), "node.store.host-key", "SHA256:"),
            (sshd.store(tmp_path, key=None, password="no"), "node.source.unreachable", "sign-in refused"),
            (sshd.store(tmp_path, key=str(sshd.folder / "other")), "node.source.unreachable", "sign-in refused"),
            (sshd.store(tmp_path / "nowhere"), "node.source.unreachable", "no such folder"),
        ]  # fmt: skip
        (sshd.folder / "open").write_bytes((sshd.folder / "user").read_bytes())
        (sshd.folder / "open").chmod(0o644)
        wrong.append((sshd.store(tmp_path, key=str(sshd.folder / "open")), "node.source.unreachable", "open to others"))
    if (s3 := servers.get("s3")) is not None and "JUTONG_TEST_S3" not in os.environ:
        wrong += [
            ({**s3, "secret_key": "no"}, "node.source.unreachable", "sign-in refused"),
            ({**s3, "bucket": "nobody-s"}, "node.source.unreachable", "no such bucket"),
        ]  # fmt: skip
    if not wrong:
        pytest.skip("no server of files is installed")
    for store, code, sign in wrong:
        source = Elsewhere(store, tmp_path).source()
        with pytest.raises(JutongError) as refused:
            probe(source)
        assert (refused.value.code, sign in refused.value.explain()) == (code, True)
        assert not transient(refused.value)
        assert not {store.get("secret_key"), store.get("password")} & {refused.value.explain(), str(refused.value)}


def test_a_pattern_means_the_same_here_and_elsewhere(tmp_path: Path) -> None:
    names = ["a.csv", "b.csv.ok", "b.csv", "x1.csv", "in/a.csv", "in/deep/er/a.csv", "in/.h/a.csv", "in/a.csv.part",
             "in/~$a.csv", "in/[a].csv", "in/a.CSV"]  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    here = SourceConfig("here", "files", ORGANISATION, path=tmp_path)
    for pattern in ("*.csv", "**/*.csv", "in/**/*.csv", "in/*/*", "?.csv", "x[0-9].csv", "x[!a-z].csv", "**/a.*",
                    "in/[[]a].csv", "*/a.csv", "in/deep/*/a.csv", "*"):  # fmt: skip
        for marker in ("", ".ok"):
            table = FileTable(pattern=pattern, format="csv", marker=marker)
            expected = [path.relative_to(tmp_path).as_posix() for path in arrival._matching(here, table)]
            below = matching.below(pattern)
            listed = [name for name in names if name.startswith(below) and not {".h"} & set(name.split("/"))]
            assert matching.matching(listed, table) == sorted(expected), (pattern, marker)


@pytest.mark.parametrize(
    ("changes", "sign"),
    [
        ({"host_keys": []}, "host_keys are lines"), ({"host_keys": ["ssh-ed25519"]}, "host_keys are lines"),
        ({"password": "x"}, "either password or key"), ({"folder": "a/../b"}, "leads out"), ({"port": 70000}, "65535"),
        ({"host": "a b"}, "pattern"), ({"kind": "s3"}, "takes bucket"), ({"bucket": "abc"}, "either password"),
    ],
)  # fmt: skip
def test_a_store_that_is_not_whole_is_refused_with_its_place_and_without_its_secrets(
    tmp_path: Path, changes: dict[str, Any], sign: str
) -> None:
    store = {
        "kind": "sftp", "host": "h", "user": "u", "key": "k", "host_keys": ["ssh-ed25519 " + "A" * 68], **changes,
    }  # fmt: skip
    if "password" in changes:
        store["password"] = "hush-hush"
    with pytest.raises(JutongError) as refused:
        Elsewhere(store, tmp_path).source()
    assert sign in refused.value.explain()
    assert "hush-hush" not in refused.value.explain()
    good = Elsewhere({**store, **{name: value for name, value in _GOOD.items() if name in changes}}, tmp_path)
    if "kind" not in changes and "bucket" not in changes:
        found = replace(good.source())
        assert found.store is not None
        assert found.store.key == str(tmp_path / "k")


_GOOD: dict[str, Any] = {
    "host_keys": ["ssh-ed25519 " + "A" * 68], "password": "", "folder": "a/b", "port": 2222, "host": "files.example",
}  # fmt: skip
