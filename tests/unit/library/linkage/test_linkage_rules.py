"""What the machine joins, cuts and asks, on registers small enough to see through."""

import pyarrow as pa
import pytest

from jutong.library.engine import EngineSetting, open_engine
from jutong.library.linkage import explain, prepare
from jutong.library.linkage.errors import LinkModelError, LinkSpecError, LinkUntrainableError
from jutong.library.linkage.run import LinkFeed, outgrown
from jutong.library.linkage.spec import check, shipped

from .registers import SPEC, asked, groups, model, number, register, run

HOME = "北京市朝阳区建设路12号3室"
WEI, WEI_2 = number("1980-03-05", 121), number("1980-03-05", 123)
OUYANG, OUYANG_2 = number("1970-01-09", 121), number("1985-11-20", 121)
TWO, TWO_2 = number("1990-06-06", 131), number("1990-06-06", 133)
TORN, TORN_2 = number("1961-12-30", 131), number("1961-12-30", 133)
ZAN = number("1999-08-17", 131)
CROWD = [(f"crowd{at}", "张大伟", None, "1955-02-02", "1", "13900000009", None) for at in range(5)]
POLICE = register(
    ("wei1", "王伟", WEI, "1980-03-05", "1", None, HOME),
    ("wei2", "王偉", WEI, "1980-03-05", "1", None, None),
    ("two", "赵国强", TWO, "1990-06-06", "1", "13900000001", HOME),
    ("torn1", "孙立", TORN, "1961-12-30", "1", "13900000002", None),
    ("torn2", "孙立", TORN_2, "1961-12-30", "1", None, "上海市徐汇区民生路8号"),
    ("chain1", "欧阳建国", OUYANG, "1970-01-09", "1", "13900000003", None),
    ("chain2", "欧阳建国", OUYANG_2, "1985-11-20", "1", "13900000004", None),
    ("zan", "周赟", ZAN, "1999-08-17", "1", "13900000005", HOME),
)
CIVIL = register(
    ("wei1", "王苇", WEI, None, "1", None, None),
    ("stray", "李娜", WEI, "1991-07-30", "2", None, None),
    ("two", "赵国强", TWO_2, "1990-06-06", "1", "13900000001", HOME),
    ("torn", "孙立", None, "1961-12-30", "1", "13900000002", "上海市徐汇区民生路8号"),
    # each is found by phone, and both live in the same flat under the same name
    ("chain1", "欧阳建国", None, "1970-01-09", "1", "13900000003", "大连市中山区人民路5号"),
    ("chain2", "欧阳建国", None, "1985-11-20", "1", "13900000004", "大连市中山区人民路5号"),
    ("chain3", "欧阳建国", None, None, "1", None, "大连市中山区人民路5号"),
    # a variant, with month and day swapped or a phone; the same sound; a character the keyboard did not have
    ("variant", "周贇", None, "1999-08-17", "1", "13900000005", None),
    ("sound", "周云", None, "1999-08-17", "1", "13900000005", HOME.removeprefix("北京市")),
    ("keyboard", "周yun", None, "1999-08-17", "1", None, HOME.removeprefix("北京市")),
    # of the same flat, of the same name
    ("flat", "钱丽", None, "1981-04-02", "2", None, HOME),
    ("namesake", "周赟", None, "1984-03-05", "1", None, None),
    *CROWD,
)
SMALL = SPEC.model_copy(update={"largest": 4})


@pytest.fixture
def engine(tmp_path):
    with open_engine(EngineSetting(memory_mb=256), tmp_path) as one:
        yield one


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Clusters and questions by the machine, then with what people decided."""
    said = [
        ("police/two", "civil/two", "same"), ("police/torn2", "civil/torn", "different"),
        ("police/wei1", "police/wei2", "different"), ("police/zan", "civil/sound", "different"),
    ]  # fmt: skip
    result = []
    with open_engine(EngineSetting(memory_mb=256), tmp_path_factory.mktemp("rules")) as one:
        for decisions in (None, said):
            run(one, {"police": POLICE, "civil": CIVIL}, spec=SMALL, given=model(), decisions=decisions)
            stories = one.rows("SELECT weight, waterfall FROM link_review WHERE left_key = 'two'")
            result.append(
                (groups(one), asked(one), stories, one.rows("SELECT levels FROM link_pairs WHERE left_key = 'two'"))
            )
    return result


def of(clusters, *records):
    """The clusters that hold any of some records."""
    return {one for one in clusters if one & set(records)}


def test_records_of_one_number_are_one_and_a_stray_is_asked_about(found):
    clusters, questions, *_ = found[0]
    assert of(clusters, "police/wei1", "civil/stray") == {
        frozenset({"police/wei1", "police/wei2", "civil/wei1"}), frozenset({"civil/stray"})
    }  # fmt: skip
    assert {cause for pair, cause in questions.items() if "civil/stray" in pair} == {"contradiction"}
    # one of them is somebody else, a person says, and the machine keeps to it
    assert of(found[1][0], "police/wei2") == {frozenset({"police/wei2"})}


def test_two_valid_numbers_are_never_joined_by_the_machine_only_asked_about(found):
    pair = frozenset({"police/two", "civil/two"})
    assert pair not in found[0][0]
    assert found[0][1][pair] == "two-identities"
    # a person may say what the machine may not
    assert pair in found[1][0]
    assert pair not in found[1][1]


def test_a_record_without_a_number_that_two_people_could_be_joins_neither(found):
    assert of(found[0][0], "civil/torn") == {frozenset({"civil/torn"})}
    assert found[0][1][frozenset({"police/torn1", "civil/torn"})] == "two-identities"
    # with one of the two out of the question, the other is found
    assert frozenset({"police/torn1", "civil/torn"}) in found[1][0]


def test_chains_do_not_bring_two_numbers_together(found):
    clusters, questions, *_ = found[0]
    assert of(clusters, "civil/chain1", "civil/chain2", "civil/chain3") == {
        frozenset({"police/chain1", "civil/chain1"}), frozenset({"police/chain2", "civil/chain2"}),
        frozenset({"civil/chain3"}),
    }  # fmt: skip
    assert questions[frozenset({"civil/chain1", "civil/chain3"})] == "contradiction"


def test_groups_that_grow_too_large_are_cut_and_asked_about(found):
    clusters, questions, *_ = found[0]
    assert len(of(clusters, *(f"civil/{row[0]}" for row in CROWD))) == 5
    assert {cause for pair, cause in questions.items() if "civil/crowd0" in pair} == {"large"}


def test_what_registers_write_otherwise_is_seen_through(found):
    variants = {"civil/variant", "civil/sound", "civil/keyboard"}
    assert of(found[0][0], "police/zan") == {frozenset({"police/zan", *variants})}
    # but not against what a person said
    assert not any({"police/zan", "civil/sound"} <= one for one in found[1][0])


def test_one_of_a_couple_and_a_namesake_are_left_alone(found):
    assert of(found[0][0], "civil/flat", "civil/namesake") == {frozenset({"civil/flat"}), frozenset({"civil/namesake"})}


def test_a_question_tells_step_by_step_why(found):
    (weight, stored), levels = found[0][2][0], found[0][3][0][0]
    seen = explain.opened(SPEC, stored)
    assert [step.level for step in seen.steps] == ["same-rare", "near", "same", "same", "same", "same"]
    assert seen.weight == pytest.approx(weight, abs=0.01)
    assert seen.steps[-1].total == pytest.approx(seen.weight)
    assert sum(step.share for step in seen.steps) == pytest.approx(1.0)
    assert seen.steps[1].words == "差一两位"
    assert explain.explained(SPEC, model(), levels).weight == pytest.approx(weight, abs=0.001)


def test_the_columns_compared(engine):
    rows = register(
        ("1", "欧陽·建國", WEI.lower(), "1980-03-05", "1", "139 0000 0001", "江苏省南京市玄武区长江路1号"),
        ("2", "单峯", WEI[:-1] + ("1" if WEI[-1] != "1" else "2"), None, "", "", "不明小区8号"),
    )
    engine.attach_rows("t", rows)
    feeds = [LinkFeed("f", "t", tuple(rows.column_names[3:]))]
    prepare.prepare(engine, SPEC, prepare.union(feeds, SPEC), "p", {})
    columns = (
        "name_text",
        "name_sound",
        "name_first",
        "identity_number",
        "birth_date",
        "birth_date_year",
        "sex",
        "phone",
    )
    found = engine.rows(f"SELECT {', '.join(columns)}, address_area, address_rest, address_street FROM p ORDER BY key")
    assert found[0][:3] == ("欧阳·建国", "ouyang·jianguo", "欧")
    assert found[0][4:] == ("19800305", "1980", "1", "13900000001", "320102", "长江路1号", "长江路")
    # a surname's own reading, a number whose check character is wrong, nothing where nothing is
    assert found[1] == ("单峰", "shanfeng", "单", None, None, None, None, None, None, "不明小区8号", "不明小区")


def test_enterprises_meet_by_the_code_their_credit_code_contains(engine):
    spec = shipped("organisation")
    schema = pa.schema([(one, pa.string()) for one in ("_key", "_changed", "_problems", "name", "credit_code",
                                                       "organisation_code", "registration_number")])  # fmt: skip
    new = [{"_key": "1", "name": "南京聚通科技有限公司", "credit_code": "91320102MA1MK8XJ9G"}]
    old = [{"_key": "1", "name": "南京聚通科技（有限公司）", "organisation_code": "MA1MK8XJ-9"}]
    tables = {name: pa.Table.from_pylist(rows, schema=schema) for name, rows in (("market", new), ("tax", old))}
    for feed, rows in tables.items():
        engine.attach_rows(feed, rows)
    feeds = [LinkFeed(feed, feed, tuple(schema.names[3:])) for feed in tables]
    prepare.prepare(engine, spec, prepare.union(feeds, spec), "p", {})
    assert engine.rows("SELECT DISTINCT credit_code_body FROM p") == [("MA1MK8XJ9",)]
    assert engine.rows("SELECT name_core FROM p WHERE feed = 'market'") == [("聚通科技",)]


def test_rules_that_name_what_is_not_there_are_refused():
    for change in ({"confirm": ("nick",)}, {"training": (("name_colour",),)}, {"identity": "passport"}):
        with pytest.raises(LinkSpecError):
            check(SPEC.model_copy(update=change))
    check(SPEC, model())
    with pytest.raises(LinkModelError):
        check(shipped("organisation"), model())


def test_until_there_is_enough_to_learn_from_the_rules_say_what_holds(engine):
    tables = {"police": POLICE, "civil": CIVIL}
    first = run(engine, tables)
    assert (first.model.tool, first.model.comparisons) == ("start", SPEC.start)
    assert of(groups(engine), "police/zan") == {
        frozenset({"police/zan", "civil/variant", "civil/sound", "civil/keyboard"})
    }
    with pytest.raises(LinkUntrainableError):
        run(engine, tables, spec=SPEC.model_copy(update={"start": ()}))
    feeds = tuple(LinkFeed(feed, f"s_{feed}", ()) for feed in tables)
    assert not outgrown(engine, SPEC, feeds, first.model)
    assert outgrown(engine, SPEC.model_copy(update={"enough": 10}), feeds, first.model)
