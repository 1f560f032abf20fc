from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result
from django.db import ProgrammingError, connection

from jutong.center.clocks.errors import CalendarYearOfficialError
from jutong.center.clocks.models import CalendarYear
from jutong.cli.calendar import calendar
from jutong.cli.center import RegistryEmptyError, center
from jutong.standards.holidays import CalendarFileError, provisional_document


@pytest.fixture
def ready(db, tmp_path, monkeypatch):
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(calendar, list(map(str, arguments)))


def write(folder, document):
    path = folder / "year.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def test_a_provisional_year_is_loaded_then_ended_by_the_official_one(ready):
    document = provisional_document(2027)
    done = run("load", 2027, write(ready, document), "--provisional")
    assert done.exit_code == 0, done.exception
    assert "已装入2027年工作日历（暂定）" in done.output
    assert CalendarYear.objects.get().is_provisional
    assert "暂定" in next(line for line in run("show").output.splitlines() if line.startswith("2027"))
    done = run("load", 2027, write(ready, {**document, "status": "official"}))
    assert "（正式）" in done.output
    assert not CalendarYear.objects.get().is_provisional
    refused = run("load", 2027, write(ready, document), "--provisional")
    assert isinstance(refused.exception, CalendarYearOfficialError)


def test_the_days_of_a_year_are_shown(ready):
    shown = run("show", 2026).output
    assert "2026-02-14  上班" in shown
    assert "2026-10-01  休息" in shown
    assert run("show", 1999).output == "没有1999年的工作日历。\n"


@pytest.mark.parametrize(("year", "flags"), [(2028, ["--provisional"]), (2027, [])])
def test_the_file_must_agree_with_the_command(ready, year: int, flags: list[str]):
    refused = run("load", year, write(ready, provisional_document(2027)), *flags)
    assert isinstance(refused.exception, CalendarFileError)
    assert not CalendarYear.objects.exists()


def test_a_registry_without_tables_says_what_to_run(ready):
    with pytest.raises(RegistryEmptyError) as refused, center(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM no_such_table")
    assert "jutong migrate" in refused.value.advise()


def test_another_mistake_of_the_program_is_not_dressed_up(ready):
    with pytest.raises(ProgrammingError), center(), connection.cursor() as cursor:
        cursor.execute("SELEC 1")
