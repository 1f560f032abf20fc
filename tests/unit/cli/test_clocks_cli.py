from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from jutong.center.clocks.models import RuleSet
from jutong.center.org.models import Division
from jutong.cli.clocks import clocks
from jutong.standards.periods import PeriodLooserError
from tests.unit.standards.test_local_rules import content


@pytest.fixture
def ready(db, tmp_path, monkeypatch):
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path / "home"))
    Division.objects.create(code="629900", name="金河市", level="city", valid_from="2020-01-01")
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(clocks, ["rules", *map(str, arguments)])


def test_rules_are_loaded_and_listed(ready):
    file = ready / "rules.json"
    file.write_text(json.dumps(content(effective_from="2026-01-01"), ensure_ascii=False), encoding="utf-8")
    done = run("load", file)
    assert done.exit_code == 0, done.exception
    assert "第1版" in done.output
    assert RuleSet.objects.get().loaded_by.startswith("命令行")
    shown = run("list", "--division", "629900").output
    assert next(line for line in shown.splitlines() if line.startswith("SLA-REP-C")).split()[1] == "5"
    assert "金政发〔2026〕8号" in shown
    assert next(line for line in run("list").output.splitlines() if line.startswith("SLA-REP-C")).split()[1] == "10"


def test_looser_rules_are_refused(ready):
    file = ready / "rules.json"
    file.write_text(json.dumps(content(periods=[{"id": "SLA-SUP", "length": 30}])), encoding="utf-8")
    assert isinstance(run("load", file).exception, PeriodLooserError)
    assert not RuleSet.objects.exists()
