from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jutong.center.catalog.models import EntryVersion
from jutong.center.intake.models import Batch, Proposal
from jutong.cli.catalog_harvest import ChoiceUnknownError
from jutong.cli.main import jutong
from jutong.kernel.errors import NotFoundError
from tests.center_world import City, build

DATA = Path(__file__).parents[2] / "data" / "catalog"
PLAN = DATA / "baiyun_open_plan.csv"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def city(home, db, settings) -> City:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return build()


def run(home: Path, file: Path, *options: str) -> tuple[Result, dict[str, Any]]:
    report = home / "report.json"
    done = CliRunner().invoke(jutong, ["catalog", "harvest", str(file), "--report", str(report), *options])
    return done, json.loads(report.read_text("utf-8")) if report.exists() else {}


def test_a_dry_run_needs_no_registry_and_accounts_for_every_row(home: Path):
    done, report = run(home, PLAN, "--dry-run")
    assert done.exit_code == 0, done.exception
    assert (report["read"], report["accepted"], report["rejected"], report["dry_run"]) == (56, 56, 0, True)
    assert "接受率100.00%" in done.output
    assert "只试算，没有写入。" in done.output


def test_a_zip_of_portals_is_told_sheet_by_sheet(home: Path):
    archive = home / "portals.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, rows in json.loads((DATA / "portals_excerpt.json").read_bytes()).items():
            made.writestr(f"{name}.json", json.dumps(rows, ensure_ascii=False))
        made.writestr("说明.pdf", b"%PDF-1.7")
        made.writestr("坏.json", b'[{"a":')
    done, report = run(home, archive, "--dry-run")
    assert done.exit_code == 0, done.exception
    assert len(report["sheets"]) == 27
    assert report["accepted"] + report["rejected"] == report["read"] == 316
    assert report["accepted_share"] > 0.98
    assert report["skipped"] == ["说明.pdf"]
    assert report["broken"][0]["name"] == "坏.json"
    for said in (
        "jiangsu_suqian.json",
        "没有提供单位（IN-12）",
        "国家主题分类",
        "不是清单，没有读：说明.pdf",
        "没有读完：坏.json",
    ):
        assert said in done.output


def test_accepted_rows_become_proposals_and_nothing_more(city: City, home: Path):
    done, report = run(home, PLAN, "--organisation", city.civil.code, "--default", "classification=307010")
    assert done.exit_code == 0, done.exception
    batch = Batch.objects.get()
    assert report["sheets"][0]["batch"] == str(batch.id)
    assert str(batch.id) in done.output
    assert (batch.kind, batch.organisation) == ("harvest", city.civil)
    assert Proposal.objects.filter(batch=batch).count() == 56
    assert Proposal.objects.filter(fields__classification="307010").count() == 56
    assert not EntryVersion.objects.exists()


def test_without_an_organisation_each_row_names_its_own(city: City, home: Path):
    listing = home / "a.csv"
    listing.write_text("标题,提供单位\n甲,市民政局\n乙,市教育局\n丙,别的市的局\n丁,\n", "utf-8")
    done, report = run(home, listing)
    assert done.exit_code == 0, done.exception
    assert (report["accepted"], report["rejected"]) == (3, 1)
    found = {row.name: row.organisation for row in Proposal.objects.select_related("organisation")}
    assert found == {"甲": city.civil, "乙": city.education, "丙": None}


def test_a_dry_run_for_an_organisation_stores_nothing(city: City, home: Path):
    _, report = run(home, PLAN, "--organisation", city.civil.code, "--dry-run")
    assert report["organisation"] == city.civil.code
    assert not Batch.objects.exists()


def test_a_header_is_mapped_by_hand(home: Path):
    _, report = run(home, PLAN, "--dry-run", "--map", "序号=name", "--map", "数据摘要=")
    mapped = {row["header"]: row["field"] for row in report["sheets"][0]["mapping"]}
    assert mapped["序号"] == "name"
    assert {row["header"] for row in report["sheets"][0]["unmapped"]} == {"数据集名称", "数据摘要"}


def test_a_doubtful_header_is_pointed_out(home: Path):
    listing = home / "a.csv"
    listing.write_text("标题,提供单位,怎么更新\n甲,市民政局,每年\n", "utf-8")
    done, _ = run(home, listing, "--dry-run")
    assert "请核对表头：a.csv的“怎么更新”当作update_cycle（把握0.6，按列里的值判断）" in done.output


@pytest.mark.parametrize(
    "options",
    [
        ("--map", "没有的=name"), ("--map", "序号=nothing"), ("--map", "序号"), ("--default", "colour=red"),
        ("--default", "update_cycle=看情况"), ("--default", "update_cycle=每半年"), ("--default", "=x"),
    ],
)  # fmt: skip
def test_a_choice_that_does_not_exist_is_refused(home: Path, options: tuple[str, str]):
    done, report = run(home, PLAN, "--dry-run", *options)
    assert isinstance(done.exception, ChoiceUnknownError)
    assert options[1].partition("=")[0] in done.exception.explain() or options[1].partition("=")[2]
    assert report == {}


def test_an_unknown_organisation_is_refused(city: City, home: Path):
    done, _ = run(home, PLAN, "--organisation", "11629900MB0000001A")
    assert isinstance(done.exception, NotFoundError)


def test_a_listing_that_breaks_off_says_where(home: Path):
    listing = home / "a.csv"
    listing.write_text("标题,提供单位\n" + "".join(f"甲{at}号,局\n" for at in range(30)) + '"乙,局\n', "utf-8")
    done, report = run(home, listing, "--dry-run")
    assert "a.csv:32" in report["sheets"][0]["problem"]
    assert "没有读完：a.csv" in done.output
