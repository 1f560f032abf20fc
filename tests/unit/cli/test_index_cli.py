from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jutong.center.catalog.actions import ImportRow
from jutong.center.catalog.index import store, writer
from jutong.center.catalog.index.faults import IndexBrokenError
from jutong.center.catalog.models import Entry
from jutong.cli import catalog_index
from jutong.tasks import scans
from tests.center_world import FIELDS, ITEMS, NOW, City, build
from tests.search_engines import publish


@pytest.fixture
def city(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> City:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path / "home"))
    settings.JUTONG = replace(settings.JUTONG, home=tmp_path / "home")
    made = build()
    publish(made.civil, [ImportRow(FIELDS, ITEMS)])
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(catalog_index.index, list(arguments))


def test_the_state_of_the_index_is_told(city: City):
    assert "还没有检索索引" in run("status").output
    assert json.loads(run("status", "--json").output)["in_force"] is False
    assert "已重建检索索引：1条目录" in run("rebuild").output
    text = run("status").output
    assert "检索索引里有1条目录" in text
    assert "还没有核对过" in text
    told = json.loads(run("status", "--json").output)
    assert (told["in_force"], told["entries"], told["lag_changes"], told["problem"]) == (True, 1, 0, "")
    Entry.objects.update(is_bound=True)
    assert "已核对1条目录：改正1条，去掉0条" in run("reconcile").output
    store.store().tell(problem="no space left")
    assert "最近一次写入没有成功：no space left" in run("status").output


@pytest.mark.parametrize("command", ["rebuild", "reconcile"])
def test_an_index_that_cannot_be_written_is_a_named_error(
    city: City, monkeypatch: pytest.MonkeyPatch, command: str
):  # fmt: skip
    def full(_: object) -> None:
        raise IndexBrokenError("no space left")

    monkeypatch.setattr(writer, command, full)
    refused = run(command)
    assert isinstance(refused.exception, catalog_index.IndexUnwritableError)
    assert "no space left" in refused.exception.explain()
    if command == "reconcile":
        assert scans.reconcile_index(NOW) == 0


def test_the_worker_follows_and_compares(city: City):
    assert scans.follow_index(NOW) == 1
    Entry.objects.update(is_bound=True)
    assert scans.reconcile_index(NOW) == 1
