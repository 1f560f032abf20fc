"""Files of all kinds are received, mapped, judged, corrected and given back with comments."""

from __future__ import annotations

import csv
import io
import stat
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog.models import Entry
from jutong.center.intake import actions, queries, storage
from jutong.center.intake.actions import checking, storing
from jutong.center.intake.enums import BatchState, Outcome
from jutong.center.intake.errors import (
    BatchBusyError,
    BatchStateError,
    FileGoneError,
    MappingError,
    TemplateOutdatedError,
)
from jutong.center.intake.models import Batch
from jutong.center.intake.workbook import own
from jutong.center.intake.workbook.content import Content
from jutong.center.intake.workbook.marked import marked
from jutong.kernel.errors import ForbiddenError, InvalidInputError, JutongError, NotFoundError
from jutong.standards import template_document
from tests.center_world import FIELDS, ITEMS, NOW, PLATFORM, City
from tests.unit.center.intake.conftest import Receive

EDITION = template_document.core()
HEADERS = ("目录标题", "摘要", "更新周期", "提供单位", "数据项")
DEFAULTS = {
    "classification": "307010", "domain": "民生服务", "data_format": "database", "share_attribute": "unconditional",
    "share_way": "service", "grade": "general-1", "not_secret": "1",
}  # fmt: skip


def contents(*names: str, **changes: Any) -> list[Content]:
    return [Content("", replace(FIELDS, name=name, **changes), ITEMS) for name in names]


def foreign(*rows: tuple[str, ...], encoding: str = "gb18030") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([HEADERS, *rows])
    return text.getvalue().encode(encoding)


def outcomes(batch: Batch) -> list[str]:
    return list(batch.proposals.order_by("line").values_list("outcome", flat=True))


def rules(batch: Batch, line: int) -> list[tuple[str, str]]:
    found = batch.proposals.get(line=line).findings
    return sorted((row["rule"], row["place"]) for row in found if row["severity"] == "error")


def test_a_file_of_our_own_is_checked_without_a_question(city: City, receive: Receive, uploads: Path) -> None:
    batch = receive(own.workbook(contents("公墓", "殡仪馆"), edition=EDITION))
    assert (batch.state, batch.done, batch.total) == (BatchState.READY, 2, 2)
    assert outcomes(batch) == [Outcome.NEW, Outcome.NEW]
    assert batch.counts["new"] == 2
    assert not Entry.objects.exists(), "nothing is written before somebody asks for drafts"
    kept = uploads / str(batch.id)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    events = AuditEvent.objects.filter(event__startswith="intake:batch:").order_by("id").values_list("event", flat=True)
    assert list(events) == ["intake:batch:receive", "intake:batch:check"]


def test_each_fault_is_named_at_its_cell_and_the_other_rows_are_kept(city: City, receive: Receive) -> None:
    good, bad = contents("公墓", "殡仪馆")
    bad = Content("", replace(bad.fields, update_cycle="2026/11/", share_scope=""), bad.items)
    batch = receive(own.workbook([good, bad, *contents("公墓 ")], edition=EDITION))
    assert outcomes(batch) == [Outcome.NEW, Outcome.ERROR, Outcome.ERROR]
    assert rules(batch, 3) == [("VC-00", "update_cycle"), ("VC-03", "share_scope")]
    assert rules(batch, 4) == [("VC-06", "name")]
    assert batch.proposals.get(line=4).findings[-1]["twin"] == 2, "the first line with the name"


def test_a_cell_corrected_in_place_is_judged_at_once(city: City, receive: Receive) -> None:
    bad = replace(FIELDS, name="殡仪馆", update_cycle="2026/11/", not_secret=False)
    batch = receive(own.workbook([Content("", bad, ITEMS)], edition=EDITION))
    row = batch.proposals.get()
    actions.fix(
        batch=batch, edits={row.id: {"update_cycle": "每月", "not_secret": "是", "items.1.length": "50"}},
        by=city["steward"], now=NOW,
    )  # fmt: skip
    row.refresh_from_db()
    batch.refresh_from_db()
    assert (row.outcome, row.fields["update_cycle"], row.items[1]["length"]) == (Outcome.NEW, "monthly", 50)
    assert batch.counts["error"] == 0
    actions.check_again(batch=batch, by=city["steward"], now=NOW)
    actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
    row.refresh_from_db()
    assert (row.outcome, row.fields["update_cycle"]) == (Outcome.NEW, "monthly"), "a later check keeps what was put"


def test_correcting_the_first_of_two_rows_leaves_it_the_first(city: City, receive: Receive) -> None:
    batch = receive(own.workbook(contents("公墓", "公墓"), edition=EDITION))
    actions.fix_cell(proposal=batch.proposals.get(line=2), field="domain", value="殡葬", by=city["steward"], now=NOW)
    assert outcomes(batch) == [Outcome.NEW, Outcome.ERROR]


def test_renaming_one_of_two_rows_frees_the_other(city: City, receive: Receive) -> None:
    batch = receive(own.workbook(contents("公墓", "公墓"), edition=EDITION))
    assert outcomes(batch) == [Outcome.NEW, Outcome.ERROR]
    actions.fix_cell(proposal=batch.proposals.get(line=2), field="name", value="骨灰堂", by=city["steward"], now=NOW)
    assert outcomes(batch) == [Outcome.NEW, Outcome.NEW]


@pytest.mark.parametrize(
    ("place", "text"),
    [("nonsense", "x"), ("items.9.name", "x"), ("items.0", "x"), ("items.0.length", "很长"), ("is_open", "也许"),
     ("items.x.name", "y"), ("items", "甲、乙")],
)  # fmt: skip
def test_a_correction_that_fits_no_place_is_refused(city: City, receive: Receive, place: str, text: str) -> None:
    batch = receive(own.workbook(contents("公墓"), edition=EDITION))
    with pytest.raises(InvalidInputError):
        actions.fix_cell(proposal=batch.proposals.get(), field=place, value=text, by=city["steward"], now=NOW)


def test_one_value_is_put_into_every_row_with_a_problem(city: City, receive: Receive) -> None:
    names = [f"目录{letter}类" for letter in "甲乙丙丁戊"]
    batch = receive(own.workbook(contents(*names, update_cycle=""), edition=EDITION))
    problem = next(row for row in queries.problems(city["steward"], batch) if row.place == "update_cycle")
    assert (problem.rows, len(problem.samples), problem.severity, problem.is_fixable) == (5, 5, "error", True)
    assert ("monthly", "每月") in problem.options
    shown = queries.with_problem(queries.proposals(city["steward"], batch), problem.key)
    assert shown.count() == 5
    assert actions.fix_group(batch=batch, key=problem.key, text="monthly", by=city["steward"], now=NOW) == 5
    assert set(outcomes(batch)) == {Outcome.NEW}
    with pytest.raises(NotFoundError):
        actions.fix_group(batch=batch, key=problem.key, text="monthly", by=city["steward"], now=NOW)


def test_a_correction_of_many_rows_is_left_to_the_worker(city: City, receive: Receive, monkeypatch: Any) -> None:
    monkeypatch.setattr("jutong.center.intake.actions.fixing.AT_ONCE", 2)
    batch = receive(own.workbook(contents("甲", "乙", "丙", update_cycle=""), edition=EDITION))
    problem = next(row for row in queries.problems(city["steward"], batch) if row.place == "update_cycle")
    actions.fix_group(batch=batch, key=problem.key, text="monthly", by=city["steward"], now=NOW)
    batch.refresh_from_db()
    assert batch.state == BatchState.CHECKING
    with pytest.raises(BatchBusyError):
        actions.fix_group(batch=batch, key=problem.key, text="monthly", by=city["steward"], now=NOW)
    actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
    assert set(outcomes(batch)) == {Outcome.NEW}


def test_repetitions_are_put_away_together(city: City, receive: Receive) -> None:
    batch = receive(own.workbook(contents("公墓", "公墓", "公墓"), edition=EDITION))
    problem = next(row for row in queries.problems(city["steward"], batch) if row.place == "name")
    assert not problem.is_fixable
    assert actions.dismiss_group(batch=batch, key=problem.key, by=city["steward"], now=NOW) == 2
    assert outcomes(batch) == [Outcome.NEW, Outcome.DISMISSED, Outcome.DISMISSED]
    with pytest.raises(NotFoundError):
        actions.dismiss_group(batch=batch, key=problem.key, by=city["steward"], now=NOW)


def test_headers_of_somebody_else_are_asked_about_and_then_judged(city: City, receive: Receive) -> None:
    content = foreign(
        ("公墓名录", "全市公墓", "每月", "市民政局", "名称、地址"),
        ("殡仪馆名录", "全市殡仪馆", "每年", "", "名称、地址"),
        ("学校名录", "全市学校", "每年", "市教育局", "名称、地址"),
        ("儿童福利院名录", "机构", "每年", "民政局社会福利科", "名称"),
    )
    batch = actions.receive(file=BytesIO(content), name="清单.csv", by=city["steward"], now=NOW)
    assert batch.state == BatchState.RECEIVED
    assert batch.proposals.count() == 0
    done = receive(content, "清单.csv", defaults=DEFAULTS)
    assert outcomes(done) == [Outcome.NEW, Outcome.NEW, Outcome.ERROR, Outcome.NEW]
    first = done.proposals.get(line=2)
    assert (first.fields["update_cycle"], first.fields["summary"]) == ("monthly", "全市公墓")
    assert [item["name"] for item in first.items] == ["名称", "地址"]
    assert first.raw["目录标题"] == "公墓名录"
    assert ("VC-07", "provider") in rules(done, 4)
    assert any(row["rule"] == "VC-07" and row["severity"] == "warning" for row in done.proposals.get(line=5).findings)


def test_a_value_nobody_understands_is_told_once_with_what_stood_there(city: City, receive: Receive) -> None:
    batch = receive(foreign(("公墓名录", "全市公墓", "看情况定", "市民政局", "名称")), "清单.csv", defaults=DEFAULTS)
    row = batch.proposals.get()
    found = [finding for finding in row.findings if finding["place"] == "update_cycle"]
    assert [(finding["severity"], finding["found"], finding["letter"]) for finding in found] == [
        ("error", "看情况定", "C")
    ]
    actions.check_again(batch=batch, by=city["steward"], now=NOW)
    actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
    row.refresh_from_db()
    assert [finding for finding in row.findings if finding["place"] == "update_cycle"] == found
    actions.fix_cell(proposal=row, field="update_cycle", value="每年", by=city["steward"], now=NOW)
    row.refresh_from_db()
    assert row.outcome == Outcome.NEW


def test_a_mapping_may_be_changed_and_the_rows_are_judged_anew(city: City, receive: Receive) -> None:
    content = foreign(("公墓名录", "全市公墓", "每月", "市民政局", "名称、地址"))
    batch = receive(content, "清单.csv", defaults=DEFAULTS)
    actions.fix_cell(proposal=batch.proposals.get(), field="domain", value="殡葬", by=city["steward"], now=NOW)
    again = actions.set_mapping(
        batch=batch, choices={"摘要": "", "更新周期": ""}, defaults={**DEFAULTS, "update_cycle": "yearly"},
        by=city["steward"], now=NOW,
    )  # fmt: skip
    actions.check_batch(batch_id=again.id, by=PLATFORM, now=NOW)
    row = batch.proposals.get()
    assert row.fields["update_cycle"] == "yearly"
    assert "summary" not in row.fields
    assert row.fields["domain"] == "殡葬", "what a person put there outlives another reading"


@pytest.mark.parametrize("choices", [{"目录标题": ""}, {"摘要": "nothing"}, {"摘要": "name", "提供单位": "name"}])
def test_a_mapping_needs_a_name_and_each_field_once(city: City, receive: Receive, choices: dict[str, str]) -> None:
    batch = receive(foreign(("公墓名录", "", "", "", "")), "清单.csv", defaults={})
    with pytest.raises(MappingError):
        actions.set_mapping(batch=batch, choices=choices, defaults={}, by=city["steward"], now=NOW)
    with pytest.raises(InvalidInputError):
        actions.set_mapping(batch=batch, choices={}, defaults={"is_open": "也许"}, by=city["steward"], now=NOW)


def test_a_workbook_of_another_edition_is_refused_as_a_whole(city: City, uploads: Path) -> None:
    book = load_workbook(BytesIO(own.workbook(contents("公墓"), edition=EDITION)))
    book["_jutong"]["A2"] = "cn-2017.1"
    with pytest.raises(TemplateOutdatedError, match="cn-2017"):
        actions.receive(file=BytesIO(_saved(book)), name="旧.xlsx", by=city["steward"], now=NOW)
    assert not Batch.objects.exists()


def test_bombs_and_files_that_are_no_listings_are_refused(city: City, uploads: Path) -> None:
    bomb = BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as parts:
        parts.writestr("目录.csv", b"0" * (300 * 1024 * 1024))
    for content, name in ((bomb.getvalue(), "a.zip"), (b"%PDF-1.7 nothing", "a.pdf"), (b"", "a.csv")):
        with pytest.raises(JutongError, match="intake"):
            actions.receive(file=BytesIO(content), name=name, by=city["steward"], now=NOW)
    assert not list(uploads.glob("*")), "nothing is kept of what is refused"


def test_items_without_an_entry_are_not_dropped(city: City, receive: Receive) -> None:
    book = load_workbook(BytesIO(own.workbook(contents("公墓"), edition=EDITION)))
    book["信息项"].append([None, "骨灰堂", "位置", None, None, "字符型"])
    batch = receive(_saved(book))
    stray = batch.proposals.order_by("-line").first()
    assert stray is not None
    assert (stray.outcome, stray.name) == (Outcome.ERROR, "骨灰堂")
    assert any(row.get("sheet") == "信息项" for row in stray.findings)


def test_flags_and_lengths_nobody_can_read_are_named(city: City, receive: Receive) -> None:
    book = load_workbook(BytesIO(own.workbook(contents("公墓"), edition=EDITION)))
    headers = [cell.value for cell in book["目录"][1]]
    book["目录"].cell(2, headers.index("不涉密声明") + 1).value = "大概"
    items = [cell.value for cell in book["信息项"][1]]
    book["信息项"].cell(3, items.index("数据长度") + 1).value = "很长"
    book["信息项"].cell(4, items.index("数据类型") + 1).value = "文本"
    batch = receive(_saved(book))
    found = {(row["place"], row.get("found")) for row in batch.proposals.get().findings if row["severity"] == "error"}
    assert {("not_secret", "大概"), ("items.1.length", "很长"), ("items.2.data_type", "文本")} <= found


def test_the_person_s_own_file_comes_back_with_comments_on_its_cells(city: City, receive: Receive) -> None:
    bad = replace(FIELDS, name="殡仪馆", update_cycle="2026/11/")
    items = (ITEMS[0], replace(ITEMS[1], data_type="文本"))
    content = own.workbook([*contents("公墓"), Content("", bad, items)], edition=EDITION)
    batch = receive(content)
    rows = queries.proposals(city["steward"], batch)
    book = load_workbook(BytesIO(marked(batch, rows, storage.content_of(batch.id))))
    headers = [cell.value for cell in book["目录"][1]]
    cell = book["目录"].cell(3, headers.index("数据更新频率") + 1)
    assert cell.value == "2026/11/"
    assert cell.comment is not None
    assert "允许的取值" in cell.comment.text
    item_headers = [cell.value for cell in book["信息项"][1]]
    marked_items = [row[0].row for row in book["信息项"].iter_rows() for cell in row if cell.comment]
    assert 6 in marked_items, item_headers
    summary = list(book["核对结果"].iter_rows(values_only=True))
    assert any(row[0] == "目录" and row[1] == 3 and row[6] == "2026/11/" for row in summary)
    again = receive(_saved(book), "带批注.xlsx")
    assert outcomes(again) == [Outcome.NEW, Outcome.ERROR], "the marked file can be corrected and imported again"


def test_a_csv_comes_back_as_a_workbook_with_its_own_lines(city: City, receive: Receive) -> None:
    batch = receive(foreign(("公墓名录", "=1+1", "每月", "市民政局", "名称")), "清单.csv", defaults={})
    book = load_workbook(BytesIO(marked(batch, queries.proposals(city["steward"], batch), None)))
    sheet = book.worksheets[0]
    assert sheet["A2"].value == "公墓名录"
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("'=1+1", "s")
    assert book["核对结果"].max_row > 1


def test_a_broken_workbook_is_rebuilt_from_what_was_read(city: City, receive: Receive) -> None:
    batch = receive(own.workbook(contents("公墓", update_cycle=""), edition=EDITION))
    book = load_workbook(BytesIO(marked(batch, queries.proposals(city["steward"], batch), b"PK\x03\x04 broken")))
    assert "公墓" in [cell.value for row in book["目录"].iter_rows() for cell in row]


def test_a_check_that_was_killed_goes_on_where_it_ended(city: City, receive: Receive, monkeypatch: Any) -> None:
    monkeypatch.setattr("jutong.center.intake.actions.storing.CHUNK", 2)
    content = own.workbook(contents("甲", "乙", "丙", "丁", "甲"), edition=EDITION)
    batch = actions.receive(file=BytesIO(content), name="a.xlsx", by=city["steward"], now=NOW)
    real, calls = storing.save_new, []

    def killed(rows: Any) -> None:
        calls.append(len(rows))
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(rows)

    monkeypatch.setattr(checking, "save_new", killed)
    with pytest.raises(KeyboardInterrupt):
        actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
    batch.refresh_from_db()
    assert (batch.state, batch.done, batch.proposals.count()) == (BatchState.CHECKING, 2, 2)
    monkeypatch.setattr(checking, "save_new", real)
    actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
    batch.refresh_from_db()
    assert (batch.state, batch.done) == (BatchState.READY, 5)
    assert outcomes(batch) == [*[Outcome.NEW] * 4, Outcome.ERROR], "names taken before the kill are still taken"


def test_whatever_goes_wrong_ends_the_batch_and_says_so(city: City, uploads: Path, monkeypatch: Any) -> None:
    content = own.workbook(contents("甲"), edition=EDITION)
    batch = actions.receive(file=BytesIO(content), name="a.xlsx", by=city["steward"], now=NOW)
    storage.forget(batch.id)
    done = actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
    assert done is not None
    assert (done.state, done.problem["code"]) == (BatchState.FAILED, FileGoneError.code)
    other = actions.receive(file=BytesIO(content), name="b.xlsx", by=city["steward"], now=NOW)
    monkeypatch.setattr(checking, "listing_of", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        actions.check_batch(batch_id=other.id, by=PLATFORM, now=NOW)
    other.refresh_from_db()
    assert other.state == BatchState.FAILED
    assert actions.check_batch(batch_id=other.id, by=PLATFORM, now=NOW) is None


def test_a_batch_that_is_being_checked_may_be_cancelled(city: City, uploads: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("jutong.center.intake.actions.storing.CHUNK", 1)
    content = own.workbook(contents("甲", "乙"), edition=EDITION)
    batch = actions.receive(file=BytesIO(content), name="a.xlsx", by=city["steward"], now=NOW)
    real = storing.judged

    def then_cancel(*words: Any) -> Any:
        actions.cancel(batch=batch, by=city["steward"], now=NOW)
        return real(*words)

    monkeypatch.setattr(checking, "judged", then_cancel)
    actions.check_batch(batch_id=batch.id, by=PLATFORM, now=NOW)
    batch.refresh_from_db()
    assert (batch.state, batch.proposals.count()) == (BatchState.CANCELLED, 0)
    with pytest.raises(BatchStateError):
        actions.cancel(batch=batch, by=city["steward"], now=NOW)
    with pytest.raises(BatchStateError):
        actions.dismiss(batch=batch, lines=[2], by=city["steward"], now=NOW)


def test_batches_are_a_department_s_own(city: City, receive: Receive) -> None:
    batch = receive(own.workbook(contents("甲"), edition=EDITION))
    assert list(queries.batches(city["office_head"])) == [batch]
    assert not queries.batches(city["stranger"]).exists()
    for call in (
        lambda: queries.batch(city["stranger"], batch.id),
        lambda: actions.check_again(batch=batch, by=city["stranger"], now=NOW),
        lambda: queries.proposal(city["steward"], batch, 99),
    ):
        with pytest.raises(NotFoundError):
            call()
    with pytest.raises(ForbiddenError):
        queries.batches(city["authority"])
    with pytest.raises(ForbiddenError):
        actions.receive(file=BytesIO(b"x"), name="x", by=city["office_head"], now=NOW)
    with pytest.raises(NotFoundError):
        actions.fix(batch=batch, edits={batch.id: {"name": "x"}}, by=city["steward"], now=NOW)


def test_files_are_forgotten_when_their_time_is_over(city: City, receive: Receive, uploads: Path) -> None:
    batch = receive(own.workbook(contents("甲"), edition=EDITION))
    assert actions.prune(by=PLATFORM, now=NOW + timedelta(days=29)) == 0
    assert actions.prune(by=PLATFORM, now=NOW + timedelta(days=31)) == 1
    assert not list(uploads.glob("*"))
    assert batch.proposals.get().raw == {}
    assert actions.prune(by=PLATFORM, now=NOW + timedelta(days=31)) == 0


def test_merged_cells_and_an_empty_first_row_are_read_and_told(city: City, receive: Receive) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        [*HEADERS],
        [],
        ["公墓名录", "全市", "每月", "市民政局", "名称"],
        ["殡仪馆名录", "全市", None, None, "名称"],
    ):
        sheet.append(list(row))
    sheet.merge_cells("C3:C4")
    batch = receive(_saved(book), defaults=DEFAULTS)
    rows = list(batch.proposals.order_by("line"))
    assert [row.line for row in rows] == [3, 4]
    assert rows[1].fields["update_cycle"] == "monthly"
    assert rows[1].warned


def _saved(book: Workbook) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()
