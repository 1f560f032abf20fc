from __future__ import annotations

from datetime import date

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.norms import actions, queries
from jutong.center.norms.actions import TableHead
from jutong.center.norms.enums import Certainty as Sure
from jutong.center.norms.enums import MappingKind as M
from jutong.center.norms.errors import CodeFileError, CodeUnknownError, EditionOlderError
from jutong.center.norms.models import CodeMapping, CodeTable, CodeTableEdition, CodeValue
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from jutong.standards import code_tables
from tests.center_world import NOW, PLATFORM

pytestmark = pytest.mark.django_db
HEAD = TableHead("jinhe-markets", "金河农贸市场代码", "金河市地方规范")
FIRST, SECOND = date(2025, 1, 1), date(2026, 1, 1)


def loaded(city, text="code,name\n1,东门市场\n2,南门市场\n3,西门市场\n", day=FIRST, name="2025"):
    return actions.load_edition(head=HEAD, name=name, effective_from=day, text=text, by=city["authority"], now=NOW)


def test_the_shipped_tables_are_taken_over_once(city):
    count = actions.load_shipped_tables(by=PLATFORM, now=NOW)
    assert count == len(code_tables.shipped()) == CodeTable.objects.count()
    assert actions.load_shipped_tables(by=PLATFORM, now=NOW) == 0
    table = queries.code_table(city["requester"], "gbt2260")
    assert vars(table)["edition_count"] == len(queries.editions(city["requester"], table)) > 60
    today = queries.values(city["requester"], table, on=date(2026, 11, 9))
    assert today.count() == queries.editions(city["requester"], table)[0].size > 3000
    assert queries.values(city["requester"], table, on=date(1990, 12, 1), q="宣武").get().code == "110104"
    assert not queries.values(city["requester"], table, on=date(2026, 11, 9), q="宣武").exists()
    [found] = queries.map_code(city["requester"], table, "110221", start=date(1990, 12, 1), end=date(2026, 11, 9))
    assert (found.code, found.name, found.kind, found.certainty) == ("110114", "昌平区", M.MOVED, Sure.SURE)
    [step] = found.steps
    assert (step.name, step.target_name) == ("昌平县", "昌平区")
    assert queries.unsettled(city["authority"], table).count() > 0
    assert "gbt3304" in queries.table_keys()
    assert queries.code_tables(city["requester"], q="民族").get().key == "gbt3304"
    with pytest.raises(CodeUnknownError):
        queries.map_code(city["requester"], table, "999999", start=FIRST, end=SECOND)
    with pytest.raises(NotFoundError):
        queries.code_table(city["requester"], "nothing")


def test_a_new_shipped_edition_keeps_what_people_settled(city):
    actions.load_shipped_tables(by=PLATFORM, now=NOW)
    table = CodeTable.objects.get(key="gbt2260")
    row = CodeMapping.objects.filter(table=table, kind=M.DROPPED).order_by("-on").first()
    assert row is not None
    actions.settle_mapping(
        table=table, on=row.on, code=row.code, targets=["320312"], kind="merged", by=city["authority"], now=NOW
    )
    CodeTable.objects.filter(key="gbt2260").update(digest="old")
    assert actions.load_shipped_tables(by=PLATFORM, now=NOW) == 1
    kept = CodeMapping.objects.get(table=table, on=row.on, code=row.code)
    assert (kept.target, kept.decided_by, kept.certainty) == ("320312", "林悦", Sure.SURE)


def test_a_next_edition_ends_and_begins_codes_and_maps_them(city):
    edition = loaded(city)
    assert (edition.size, edition.changed, edition.loaded_by) == (3, 0, "林悦")
    second = loaded(city, "code,name\n1,东门市场\n4,南门市场\n3,西门大市场\n", SECOND, "2026")
    assert (second.size, second.changed) == (3, 2)
    table = queries.code_table(city["requester"], HEAD.key)
    assert list(CodeValue.objects.filter(table=table, valid_to=SECOND).values_list("code", flat=True)) == ["2", "3"]
    start, end = FIRST, date(2026, 6, 1)
    assert [queries.map_code(city["requester"], table, code, start=start, end=end)[0].kind for code in "123"] == [
        M.KEPT, M.MOVED, M.RENAMED,
    ]  # fmt: skip
    found = queries.editions(city["requester"], table)
    assert queries.edition_on(found, None) == second
    assert queries.edition_on(found, date(2025, 6, 1)) == edition
    assert queries.edition_on(found, date(2020, 6, 1)) is None
    assert AuditEvent.objects.filter(event="norms:table:load").count() == 2


def test_an_older_edition_and_a_bad_file_are_refused_whole(city):
    loaded(city)
    with pytest.raises(EditionOlderError):
        loaded(city, day=FIRST)
    with pytest.raises(CodeFileError, match="第3行"):
        loaded(city, "code,name\n1,a\n1,b\n", SECOND)
    with pytest.raises(InvalidInputError):
        actions.load_edition(
            head=TableHead("", "x" * 200), name="", effective_from=SECOND, text="c,n\n1,a\n",
            by=city["authority"], now=NOW
        )  # fmt: skip
    assert CodeTableEdition.objects.count() == 1
    with pytest.raises(ForbiddenError):
        actions.load_edition(
            head=HEAD, name="x", effective_from=SECOND, text="c,n\n1,a\n", by=city["steward"], now=NOW
        )  # fmt: skip


def test_a_person_settles_what_rules_cannot_know(city):
    loaded(city)
    loaded(city, "code,name\n1,东门市场\n5,北门市场\n6,中门市场\n", SECOND, "2026")
    table = CodeTable.objects.get(key=HEAD.key)
    settle = {"table": table, "on": SECOND, "by": city["authority"], "now": NOW}
    rows = actions.settle_mapping(code="2", targets=["5", "6", "5"], kind="split", **settle)
    assert [(row.target, row.kind, row.certainty) for row in rows] == [("5", "split", "sure"), ("6", "split", "sure")]
    actions.settle_mapping(code="3", targets=[], kind="dropped", **settle)
    arrived = queries.map_code(city["requester"], table, "2", start=FIRST, end=SECOND)
    assert [row.name for row in arrived] == ["北门市场", "中门市场"]
    assert queries.map_code(city["requester"], table, "3", start=FIRST, end=SECOND)[0].code == ""
    assert not queries.unsettled(city["authority"], table).exists()
    for code, targets, kind in (("9", ["5"], "merged"), ("2", ["9"], "merged")):
        with pytest.raises(CodeUnknownError):
            actions.settle_mapping(code=code, targets=targets, kind=kind, **settle)
    for targets, kind in ((["5"], "split"), ([], "merged"), (["5"], "dropped"), (["5"], "kept")):
        with pytest.raises(InvalidInputError):
            actions.settle_mapping(code="2", targets=targets, kind=kind, **settle)
