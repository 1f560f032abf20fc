from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jutong.center.catalog import queries
from jutong.center.catalog import search as searching
from jutong.center.catalog.actions import ImportRow
from jutong.center.catalog.models import Entry
from jutong.center.catalog.tokens import normalise
from jutong.kernel.errors import ForbiddenError, InvalidInputError
from tests.center_world import FIELDS, NOW, City
from tests.center_world import ITEMS as GRADED
from tests.search_engines import ENGINES, Engine, engine, publish

ITEMS = tuple(replace(item, grade="general-2") for item in GRADED)
PLAIN = replace(
    FIELDS, share_scope="", share_purpose="", share_attribute="unconditional", summary="另有说明", grade="general-2"
)
NAMES = (
    "婚姻登记信息", "离婚登记档案", "结婚证", "不动产权属登记", "不动产抵押", "户籍人口", "流动人口统计",
    "GB2260行政区划代码", "ＧＩＳ地图服务", "企业年报", "人才引进名单", "水质监测",
)  # fmt: skip


_ENGINE: list[Engine] = []


@pytest.fixture(autouse=True, params=ENGINES)
def answering(request: pytest.FixtureRequest, db: None, settings: Any, tmp_path: Path) -> Iterator[Engine]:
    """Every test here holds for the index, for what is newer than it, and for the registry."""
    _ENGINE[:] = [engine(request.param, settings, tmp_path)]
    yield _ENGINE[0]
    _ENGINE.clear()


def ask(city: City, q: str = "", facets: dict[str, list[str]] | None = None, **more: Any) -> queries.SearchPage:
    _ENGINE[0].sync()
    return queries.search(city[more.pop("who", "requester")], q, facets, **more)


def load(city: City, rows: list[ImportRow], *, education: bool = False) -> list[Entry]:
    owner = city.education if education else city.civil
    return publish(owner, rows)


@pytest.fixture
def catalog(city: City) -> City:
    load(city, [ImportRow(replace(PLAIN, name=name), ITEMS[:1]) for name in NAMES])
    return city


def found(city: City, q: str, **facets: list[str]) -> list[str]:
    return [hit.name for hit in ask(city, q, facets).results]


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("婚", {"婚姻登记信息", "离婚登记档案", "结婚证"}),
        ("婚姻", {"婚姻登记信息"}),
        ("登记", {"婚姻登记信息", "离婚登记档案", "不动产权属登记"}),
        ("不动产", {"不动产权属登记", "不动产抵押"}),
        ("不动产权属", {"不动产权属登记"}),
        ("不动产权属登记", {"不动产权属登记"}),
        ("产权属登", {"不动产权属登记"}),
        ("属权产动不", set()),
        ("登记 婚姻", {"婚姻登记信息"}),
        ("人", {"户籍人口", "流动人口统计", "人才引进名单"}),
        ("gb", {"GB2260行政区划代码"}),
        ("ｇｂ２２６０", {"GB2260行政区划代码"}),
        ("2260", set()),
        ("gis", {"ＧＩＳ地图服务"}),
        ("（婚姻）", {"婚姻登记信息"}),
        ("，。", set()),
        ("公民身份号码 水质", {"水质监测"}),
        ("金河市民政局 企业", {"企业年报"}),
        ("不存在的词", set()),
        ("100%_\\'\";--", set()),
    ],
)
def test_words_of_any_length_are_found(catalog: City, q: str, names: set[str]):
    assert set(found(catalog, q)) == names


def test_an_entry_is_found_by_its_code(catalog: City):
    code = Entry.objects.get(published_name="企业年报").code
    assert "企业年报" in found(catalog, code)


def test_pairs_that_are_apart_do_not_make_a_phrase(city: City):
    load(city, [
        ImportRow(replace(PLAIN, name="不动产档案，动产权利，权属争议"), ITEMS[:1]),
        ImportRow(replace(PLAIN, name="不动产权属"), ITEMS[:1]),
        ImportRow(replace(PLAIN, name="abcdefghijklmn 表"), ITEMS[:1]),
        ImportRow(replace(PLAIN, name="abcdefghijklzz 表"), ITEMS[:1]),
    ])  # fmt: skip
    assert found(city, "不动产权属") == ["不动产权属"]
    assert found(city, "abcdefghijklm") == ["abcdefghijklmn 表"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_part_of_every_name_finds_its_entry(catalog: City, data: st.DataObject):
    name = data.draw(st.sampled_from(NAMES))
    run = data.draw(st.sampled_from(normalise(name).split()))
    start = data.draw(st.integers(0, len(run) - 1))
    if run[start].isascii() and start and run[start - 1].isascii():
        start = 0  # Latin is found by its beginning
    part = run[start : data.draw(st.integers(start + 1, len(run)))]
    assert name in found(catalog, part)


def test_title_hits_come_first_then_what_is_bound_and_used(city: City):
    rows = [
        ImportRow(replace(PLAIN, name="社会救助台账", summary="含婚姻状况"), ITEMS),
        ImportRow(replace(PLAIN, name="收养与婚姻档案"), ITEMS[:1]),
        ImportRow(replace(PLAIN, name="婚姻登记信息"), ITEMS[:1]),
        ImportRow(replace(PLAIN, name="婚姻"), ITEMS[:1]),
        ImportRow(replace(PLAIN, name="历史婚姻档案"), ITEMS[:1]),
    ]
    load(city, rows)
    Entry.objects.filter(published_name="历史婚姻档案").update(is_bound=True)
    assert found(city, "婚姻") == ["婚姻", "婚姻登记信息", "历史婚姻档案", "收养与婚姻档案", "社会救助台账"]
    Entry.objects.filter(published_name="社会救助台账").update(is_bound=True, use_count=5)
    assert found(city, "")[:2] == ["社会救助台账", "历史婚姻档案"]


def test_a_hit_shows_what_a_person_needs_to_choose(city: City):
    load(city, [ImportRow(FIELDS, ITEMS)])
    (hit,) = ask(city, "号码").results
    assert (hit.name, hit.code, hit.organisation_name) == ("婚姻登记信息", "307010/00001", "市民政局")
    assert (hit.items, hit.matched_items) == (("公民身份号码", "姓名", "婚姻状况"), ("公民身份号码",))
    assert (hit.share_attribute_label, hit.update_cycle_label, hit.grade_label) == ("有条件共享", "每日", "三级")
    assert (hit.item_count, hit.is_bound, hit.published_at) == (3, False, NOW)


def counts(page: queries.SearchPage, name: str) -> dict[str, int]:
    return {value.value: value.count for value in page.facets[name]}


def test_facets_count_under_the_other_choices(city: City):
    load(city, [
        ImportRow(replace(PLAIN, name=f"甲{at}名录", domain="民生", update_cycle=cycle), ITEMS[:1])
        for at, cycle in enumerate(["daily", "daily", "monthly"])
    ])  # fmt: skip
    load(city, [ImportRow(replace(FIELDS, name="乙名录", domain="经济"), ITEMS)], education=True)
    Entry.objects.filter(published_name="乙名录").update(is_bound=True)
    everything = ask(city, "名录", who="leader")
    assert everything.total == 4
    assert counts(everything, "share_attribute") == {"unconditional": 3, "conditional": 1}
    assert counts(everything, "organisation") == {city.civil.code: 3, city.education.code: 1}
    assert counts(everything, "domain") == {"民生": 3, "经济": 1}
    assert counts(everything, "cycle") == {"daily": 3, "monthly": 1}
    assert counts(everything, "bound") == {"0": 3, "1": 1}
    chosen = ask(city, "名录", {"cycle": ["daily"], "domain": ["民生"]}, who="leader")
    assert chosen.total == len(chosen.results) == 2
    assert counts(chosen, "cycle") == {"daily": 2, "monthly": 1}
    assert counts(chosen, "domain") == {"民生": 2, "经济": 1}
    assert counts(chosen, "organisation") == {city.civil.code: 2}
    labels = {value.value: value.label for name in chosen.facets for value in chosen.facets[name] if name != "open"}
    assert labels[city.civil.code] == "市民政局"
    assert (labels["daily"], labels["unconditional"], labels["0"]) == ("每日", "无条件共享", "还没挂接数据")
    assert [value.selected for value in chosen.facets["cycle"]] == [True, False]


@pytest.mark.parametrize(
    ("facets", "names"),
    [
        ({"bound": ["1"]}, ["乙名录"]),
        ({"bound": ["0", "1"]}, ["乙名录", "甲名录"]),
        ({"bound": ["yes"]}, []),
        ({"organisation": ["11629900MB5345980L"]}, ["乙名录"]),
        ({"share_attribute": ["none"]}, []),
        ({"domain": ["民生", "经济"]}, ["乙名录", "甲名录"]),
        ({"domain": []}, ["乙名录", "甲名录"]),
        ({"level": ["city"]}, ["乙名录", "甲名录"]),
        ({"level": ["county"]}, []),
        ({"form": ["database"]}, ["乙名录", "甲名录"]),
        ({"grade": ["general-2", "general-3"], "cycle": ["daily"]}, ["乙名录", "甲名录"]),
        ({"quality": ["90"]}, ["乙名录"]),
        ({"quality": ["75"]}, []),
        ({"quality": ["0"]}, ["甲名录"]),
        ({"quality": ["0", "90"]}, ["乙名录", "甲名录"]),
        ({"quality": ["best"]}, []),
        ({"open": ["1"]}, ["甲名录"]),
        ({"open": ["1"], "bound": ["1"]}, []),
    ],
)
def test_facets_choose(city: City, facets: dict[str, list[str]], names: list[str]):
    load(city, [ImportRow(replace(PLAIN, name="甲名录", domain="民生"), ITEMS[:1])])
    load(city, [ImportRow(replace(FIELDS, name="乙名录", domain="经济"), ITEMS)], education=True)
    Entry.objects.filter(published_name="乙名录").update(is_bound=True, quality=93)
    Entry.objects.filter(published_name="甲名录").update(is_open=True, quality=60)
    assert found(city, "", **facets) == names


def test_a_chosen_value_without_entries_stays_visible(catalog: City):
    page = ask(catalog, "", {"share_attribute": ["none"]})
    assert page.total == 0
    assert [(row.value, row.count, row.selected) for row in page.facets["share_attribute"]] == [
        ("unconditional", len(NAMES), False), ("none", 0, True),
    ]  # fmt: skip


def test_results_are_paged_without_gap_or_overlap(city: City):
    load(city, [ImportRow(replace(PLAIN, name=f"名录{chr(0x4E00 + at)}"), ITEMS[:1]) for at in range(45)])
    pages = [ask(city, "名录", page=number) for number in (1, 2, 3, 4)]
    assert [len(page.results) for page in pages] == [20, 20, 5, 0]
    assert len({hit.code for page in pages for hit in page.results}) == 45
    assert {(page.total, page.pages, page.capped) for page in pages} == {(45, 3, False)}


def test_counts_stop_at_the_cap(catalog: City, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(searching, "COUNT_CAP", 5)
    page = ask(catalog)
    assert (page.total, page.capped) == (5, True)
    (attribute,) = page.facets["share_attribute"]
    assert (attribute.count, attribute.capped) == (5, True)


@pytest.mark.parametrize(("facets", "page"), [({"colour": ["red"]}, 1), ({}, 0), ({}, 501)])
def test_what_cannot_be_asked_is_refused(catalog: City, facets: dict[str, list[str]], page: int):
    with pytest.raises(InvalidInputError):
        queries.search(catalog["requester"], "", facets, page)


QUESTIONS = {"registry": 7, "index": 4, "newer": 4}


def test_a_search_asks_the_same_few_questions_however_many_hits(
    catalog: City, answering: Engine, django_assert_num_queries: Any
):
    ask(catalog)  # what is newer is read once
    with django_assert_num_queries(QUESTIONS[answering.name]):
        assert queries.search(catalog["requester"], "").total == len(NAMES)
    with django_assert_num_queries(QUESTIONS[answering.name]):
        assert queries.search(catalog["requester"], "婚姻").total == 1


def test_drafts_are_not_found_and_administrators_do_not_search(city: City):
    city.draft()
    assert found(city, "婚姻") == []
    with pytest.raises(ForbiddenError):
        queries.search(city["auditor"], "婚姻")


def test_the_index_answers(catalog: City):
    """The planner prefers other ways to read a table this small; told not to, it must find the index usable."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    plan = Entry.objects.filter(search_tokens__contains=["婚姻"]).explain()
    assert "entry_search" in plan


SAME = (
    ("公积金", ["住房公积金缴存", "公积金贷款"]), ("低保", ["最低生活保障对象"]), ("低保对象", ["最低生活保障对象"]),
    ("gdp", ["地区生产总值"]), ("低保 对象", ["最低生活保障对象"]),
)  # fmt: skip


@pytest.mark.parametrize(("q", "names"), SAME)
def test_words_that_mean_the_same_find_each_other(city: City, q: str, names: list[str]):
    titles = ("住房公积金缴存", "公积金贷款", "最低生活保障对象", "地区生产总值", "社会组织")
    load(city, [ImportRow(replace(PLAIN, name=name), ITEMS[:1]) for name in titles])
    assert sorted(found(city, q)) == sorted(names)


def test_the_word_itself_comes_before_what_means_the_same(city: City):
    titles = ("最低生活保障对象", "低保边缘家庭")
    load(city, [ImportRow(replace(PLAIN, name=name), ITEMS[:1]) for name in titles])
    Entry.objects.filter(published_name="最低生活保障对象").update(is_bound=True)
    assert found(city, "低保") == ["低保边缘家庭", "最低生活保障对象"]


@pytest.mark.parametrize("q", ["gjj", "zfgjj", "gongjijin", "zhufanggongjijin", "GJJ", "jc"])
def test_titles_are_found_by_pinyin(city: City, answering: Engine, q: str):
    load(city, [ImportRow(replace(PLAIN, name=name), ITEMS[:1]) for name in ("住房公积金缴存", "户籍人口")])
    assert found(city, q) == (["住房公积金缴存"] if answering.answers_by_index else [])


def test_what_is_open_is_found_without_a_post_and_nothing_else(city: City, answering: Engine):
    load(city, [ImportRow(replace(PLAIN, name=name), ITEMS[:1]) for name in ("甲名录", "乙名录")])
    Entry.objects.filter(published_name="乙名录").update(is_open=True)
    answering.sync()
    page = searching.search_open("名录")
    assert ([hit.name for hit in page.results], page.total) == (["乙名录"], 1)
    assert counts(page, "share_attribute") == {"unconditional": 1}


def test_an_entry_that_was_taken_down_is_not_shown(catalog: City):
    ask(catalog)
    Entry.objects.filter(published_name="企业年报").update(published=None)
    assert "企业年报" not in [hit.name for hit in queries.search(catalog["requester"], "").results]
