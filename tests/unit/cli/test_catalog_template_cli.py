from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jutong.center.catalog.models import CatalogTemplate
from jutong.cli import catalog_template
from jutong.cli.catalog import catalog
from jutong.cli.catalog_template import TemplateFileError
from jutong.standards.template_document import TemplateInvalidError
from jutong.standards.template_loosening import TemplateLoosenedError


@pytest.fixture
def ready(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(catalog, ["template", *map(str, arguments)])


def write(folder: Path, document: Any) -> Path:
    path = folder / "local.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8-sig")
    return path


LOCAL: dict[str, Any] = {
    "id": "jinhe", "version": 1, "title": "金河市编制模板", "title_en": "Template of Jinhe", "base": "cn-2025",
    "effective_from": "2025-09-01", "fields": [{"id": "origin", "obligation": "M"}],
}  # fmt: skip


def test_a_shipped_edition_is_loaded_for_a_division(ready: Path) -> None:
    done = run("load", "province-2025", "--division", "620000", "--from", "2025-10-01")
    assert done.exit_code == 0, done.exception
    assert "模板province-2025.1已装入" in done.output
    assert "适用于区划620000，自2025-10-01起执行，共62个字段，其中扩展16个" in done.output
    row = CatalogTemplate.objects.get()
    assert (row.division, row.effective_from.isoformat()) == ("620000", "2025-10-01")
    lines = run("list", "--division", "620102").output.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("*")] == [["*", "province-2025.1"]]
    assert any("cn-2025.1" in line for line in lines)


def test_a_file_is_loaded_for_everybody(ready: Path) -> None:
    done = run("load", write(ready, LOCAL))
    assert done.exit_code == 0, done.exception
    assert "适用于全部区划" in done.output
    assert next(line for line in run("list").output.splitlines() if line.startswith("*")).split()[1] == "jinhe.1"


def test_a_wrong_file_is_named_and_changes_nothing(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ready / "broken.json"
    broken.write_text("{", encoding="utf-8")
    assert isinstance(run("load", broken).exception, TemplateFileError)
    assert isinstance(run("load", ready / "absent.json").exception, TemplateFileError)
    assert isinstance(run("load", write(ready, ["x"])).exception, TemplateInvalidError)
    looser = {**LOCAL, "fields": [{"id": "name", "obligation": "O"}]}
    assert isinstance(run("load", write(ready, looser)).exception, TemplateLoosenedError)
    monkeypatch.setattr(catalog_template, "LARGEST", 10)
    assert isinstance(run("load", write(ready, LOCAL)).exception, TemplateFileError)
    assert not CatalogTemplate.objects.exists()
