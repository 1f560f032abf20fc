from __future__ import annotations

from dataclasses import replace

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog.enums import ChangeKind
from jutong.center.catalog.models import Entry, EntryChange
from jutong.center.intake.models import SourceProfile
from jutong.center.norms import actions, queries
from jutong.center.norms.actions import conformance
from jutong.center.norms.enums import RunKind
from jutong.center.norms.models import ConformanceRun
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.center_world import ITEMS, NOW, PLATFORM, at

pytestmark = pytest.mark.django_db


def test_an_entry_is_rated_and_the_feed_is_told(city):
    entry = city.published().entry
    run = actions.run_entry(entry=entry, by=city["steward"], now=NOW)
    entry.refresh_from_db()
    assert run.score == entry.quality
    assert 0 < (run.score or 0) < 100
    assert "QL-01" in {row["rule"] for row in run.findings}
    assert {row["id"] for row in run.rules} >= {"NM-01", "GD-01", "QL-01"}
    assert EntryChange.objects.filter(entry=entry, kind=ChangeKind.RATED).count() == 1
    again = actions.run_entry(entry=entry, by=city["authority"], now=at(1))
    assert again.score == run.score
    assert EntryChange.objects.filter(entry=entry, kind=ChangeKind.RATED).count() == 1
    assert AuditEvent.objects.filter(event="norms:run:finish").count() == 2
    assert queries.newest_run(city["steward"], RunKind.ENTRY, entry.code) == again
    assert queries.run(city["leader"], run.id).findings == run.findings


def test_who_may_rate_and_who_may_look(city):
    entry = city.published().entry
    with pytest.raises(ForbiddenError):
        actions.run_entry(entry=entry, by=city["requester"], now=NOW)
    with pytest.raises(NotFoundError):
        actions.run_entry(entry=entry, by=city["stranger"], now=NOW)
    with pytest.raises(NotFoundError):
        actions.run_organisation(organisation=city.civil, by=city["stranger"], now=NOW)
    with pytest.raises(NotFoundError):
        actions.run_entry(entry=city.draft(name="没有发布的").entry, by=city["steward"], now=NOW)
    run = actions.run_entry(entry=entry, by=city["steward"], now=NOW)
    with pytest.raises(NotFoundError):
        queries.run(city["stranger"], run.id)
    with pytest.raises(NotFoundError):
        queries.run(city["auditor"], "nothing")
    assert list(queries.runs(city["stranger"])) == []
    assert list(queries.runs(city["auditor"], kind="entry", subject=entry.code)) == [run]
    with pytest.raises(NotFoundError):
        queries.seen_organisation(city["stranger"], city.civil.code)
    assert queries.seen_organisation(city["authority"], city.civil.code) == city.civil


def test_a_department_is_rated_entry_by_entry(city):
    first = city.published().entry
    second = city.published(name="离婚登记系统", items=(replace(ITEMS[0], is_personal=False),)).entry
    run = actions.run_organisation(organisation=city.civil, by=city["authority"], now=NOW)
    scores = [score or 0 for score in Entry.objects.order_by("code").values_list("quality", flat=True)]
    assert run.entries == 2
    assert run.score == sum(scores) // 2
    assert {row["entry"] for row in run.findings} == {first.code, second.code}
    assert scores[1] < scores[0]
    [row] = queries.standing(city["steward"])
    assert (row.entries, row.rated, row.score, row.run_at) == (2, 2, run.score, NOW)
    assert queries.standing(city["leader"]) == [row]
    assert queries.standing(city["stranger"]) == []


def test_everything_at_night_and_new_entries_in_between(city, monkeypatch):
    entry = city.published().entry
    assert actions.rate_new(by=PLATFORM, now=NOW) == 1
    assert actions.rate_new(by=PLATFORM, now=NOW) == 0
    entry.refresh_from_db()
    assert entry.quality is not None
    monkeypatch.setattr(conformance, "_KEPT_RUNS", 2)
    for day in range(3):
        assert actions.run_all(by=PLATFORM, now=at(day)) == 1
    assert ConformanceRun.objects.filter(kind=RunKind.ORGANISATION).count() == 2


def test_an_empty_department_has_no_score(city):
    assert actions.run_organisation(organisation=city.education, by=city["authority"], now=NOW).score is None


def test_a_table_is_rated_by_what_its_node_told(city):
    source = city.source()
    source.tables = [
        {
            "schema_name": "public", "name": "marriage", "comment": "婚姻登记", "row_estimate": 10,
            "columns": [
                {"name": "id_number", "type": "text", "nullable": False, "comment": "公民身份号码", "key": True},
                {"name": "Name", "type": "date", "nullable": True, "comment": "姓名"},
            ],
        }
    ]  # fmt: skip
    source.save()
    words = {"source": source, "schema_name": "public", "table": "marriage", "by": city["steward"]}
    run = actions.run_table(**words, now=NOW)
    assert (run.kind, run.subject, run.subject_label) == ("table", "civil-pg.public.marriage", "婚姻登记")
    assert {row["rule"] for row in run.findings} == {"TB-03", "TB-05"}
    counts = [{"name": "id_number", "filled": 10, "distinct": 10, "patterns": [{"pattern": "identity", "count": 3}]}]
    SourceProfile.objects.create(
        source=source, schema_name="public", table="marriage", ordered_at=NOW, ok=True, sampled=20, columns=counts
    )
    sampled = actions.run_table(**words, now=at(1))
    assert {row["rule"] for row in sampled.findings} == {"TB-03", "TB-05", "TB-06", "TB-07"}
    assert (sampled.score or 0) < (run.score or 0)
    with pytest.raises(NotFoundError):
        actions.run_table(**{**words, "table": "nothing"}, now=NOW)
    with pytest.raises(NotFoundError):
        actions.run_table(**{**words, "by": city["stranger"]}, now=NOW)


def test_rating_hundreds_takes_few_queries(city, django_assert_max_num_queries):
    for number in range(5):
        city.published(name=f"第{'一二三四五'[number]}类登记信息")
    with django_assert_max_num_queries(25):
        actions.run_organisation(organisation=city.civil, by=city["authority"], now=NOW)
    assert not Entry.objects.filter(quality=None).exists()
