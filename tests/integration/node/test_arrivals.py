"""A running node: files come to an SFTP server, are told of, moved on as a file beside them, and never twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from jutong.contracts.landing import Landing
from jutong.contracts.orders import ArrivalsOrder, FilesPlace, JobOrder
from jutong.node.agent import arriving
from jutong.node.service import running
from tests import file_servers
from tests.node_world import World, until

ROW = {"name": "tax", "dialect": "files", "organisation_code": "11330100MB0000001A", "writes": ["done"]}
TABLE = {"pattern": "in/*.csv", "format": "csv", "arrival": "all", "marker": ".ok"}
PLACE = FilesPlace(source="tax", schema_name="files", table="t")


@pytest.mark.skipif(bool(file_servers.why_no_sshd()), reason=file_servers.why_no_sshd() or "-")
async def test_files_of_a_server_are_told_of_moved_and_never_told_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("IDLE_SECONDS", 0.1), ("HERE_SECONDS", 0.1), ("ELSEWHERE_SECONDS", 0.1)):
        monkeypatch.setattr(arriving, name, seconds)
    root, keys = tmp_path / "afar", tmp_path / "sshd"
    (root / "in").mkdir(parents=True)
    keys.mkdir()
    center = world.center

    def told() -> list[int]:
        return [body["files"] for body in center.bodies("arrived")]

    def deliver(name: str, content: str) -> None:
        (root / "in" / name).write_text(content, encoding="utf-8")
        (root / "in" / f"{name}.ok").touch()

    async def moved() -> dict[str, Any]:
        landing = Landing(
            source="tax", schema_name="done", table="all.jsonl", columns=(("号码", "id"), ("姓名", "name"))
        )
        order = JobOrder(
            job_id=str(uuid4()),
            source="tax",
            schema_name="files",
            table="t",
            columns=("号码", "姓名"),
            target="t",
            into=landing,
        )
        center.order("job", order)
        ended = await until(
            lambda: next((one for one in center.bodies("moved") if one["job_id"] == order.job_id
                          and one["state"] not in {"running", "waiting"}), None), 60,
        )  # fmt: skip
        return dict(ended)

    with file_servers.sshd(keys) as server:
        world.add_source({**ROW, "store": server.store(root), "files": {"tables": {"t": TABLE}}})
        center.order("arrivals", ArrivalsOrder(tables=(PLACE,)))
        async with running(world.settings):
            deliver("a.csv", "号码,姓名\n1,张三\n")
            await until(lambda: told() == [1])
            ended = await moved()
            assert (ended["state"], ended["rows_written"], ended["into"]) == ("done", 1, "tax done.all.jsonl")
            assert [file["state"] for file in ended["files"]] == ["read", "written"]
            assert json.loads((root / "done" / "all.jsonl").read_text(encoding="utf-8")) == {"id": "1", "name": "张三"}
            deliver("b.csv", "号码,姓名\n2,李四\n3,王五\n")
            await until(lambda: told() == [1, 1])
        deliver("c.csv", "号码,姓名\n4,赵六\n")
        async with running(world.settings):
            await until(lambda: told() == [1, 1, 1])
        manifest = json.loads((root / "done" / "all.jsonl.manifest.json").read_text(encoding="utf-8"))
        assert (manifest["rows"], sorted(path.name for path in (root / "done").iterdir())) == (
            1, ["all.jsonl", "all.jsonl.manifest.json"],
        )  # fmt: skip
