from __future__ import annotations

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from jutong.contracts.library import Feed, FieldDefinition, TableDefinition
from jutong.contracts.standardising import CodeWritings, StandardiseOrder
from jutong.library.engine import DUCKDB
from jutong.library.errors import TableUnknownError
from jutong.library.standardise.errors import FeedUnfitError
from jutong.library.standardise.work import run
from jutong.library.tables import describe
from jutong.library.works import Place
from jutong.standards import credit_code, generate, identity, organisation_code
from jutong.standards.elements import shipped
from tests.engines import both, spark_address
from tests.engines import engine as open_at

NOW = datetime(2026, 11, 20, tzinfo=UTC)
CODE = "ORG1"
ELEMENTS = {one.code: one for one in shipped()}


def one_field(element="", **other):
    from jutong.library.definitions.load import resolved

    document = {
        "code": "RK", "kind": "base", "title": "", "basis": "", "version": "1", "effective_from": "2026-01-01",
        "tables": [{"name": "t", "title": "", "kind": "record", "keys": ["f"], "owner": "x",
                    "fields": [{"name": "f", "title": "", "element": element, **other}]}],
    }  # fmt: skip
    return resolved(document).tables[0].fields[0]


def order(fields, *, key="id", changed="", mode="changes", codes=()):
    table = TableDefinition(
        name="t", title="", kind="record", keys=("f",), owner="x", fields=tuple(field for _, field in fields)
    )
    feed = Feed(
        name="fed", organisation_code=CODE, organisation_name="某局", role="police", landed="landed", library="RK",
        table="t", key=key, columns=tuple((field.name, column) for column, field in fields), changed=changed,
    )  # fmt: skip
    return StandardiseOrder(table=table, feed=feed, codes=codes, mode=mode)


class Land:
    """A landed table and what becomes of it, on one engine."""

    def __init__(self, folder, address=DUCKDB):
        self.folder, self.address = folder, address
        self.path = folder / "library" / "landed" / CODE / "landed"
        self.out = folder / "library" / "standardised" / CODE / "fed"
        self.works = 0

    def put(self, rows, mode="overwrite"):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_deltalake(str(self.path), rows, mode=mode)

    def run(self, order, work_id=""):
        self.works += 1
        scratch = self.folder / "scratch"
        place = Place(
            self.folder, self.folder / "library", scratch, work_id or f"work-{self.works}", NOW,
            lambda: open_at(self.address, scratch),
        )  # fmt: skip
        return run(order, place, lambda *_: None)

    def rows(self):
        return {row["_key"]: row for row in DeltaTable(str(self.out)).to_pyarrow_table().to_pylist()}


@pytest.fixture
def land(tmp_path):
    return Land(tmp_path)


def standardised(land, field, values, kind=None):
    """What a field makes of values: pairs of value and problem, in their order."""
    land.put(pa.table({"id": [f"{n:05d}" for n in range(len(values))], "v": pa.array(values, kind or pa.string())}))
    land.run(order([("v", field)], mode="full"))
    rows = land.rows()
    return [(rows[key]["f"], rows[key]["_problems"].removeprefix("f:")) for key in sorted(rows)]


def valid(scheme, value):
    return scheme.check(value) is None


def test_identity_numbers_become_what_the_standard_makes_of_them(land):
    rng = random.Random(11643)
    numbers = []
    for _ in range(20):
        born = date(rng.randrange(1900, 2026), rng.randrange(1, 13), rng.randrange(1, 28))
        number = generate.identity_number(rng, division="620102", born_on=born, sex="女")
        old = number[:6] + number[8:17] if born.year < 2000 else number
        numbers += [number, old, generate.with_wrong_check(rng, number), number.lower(), f" {number[:9]} {number[9:]}"]
    numbers += ["62010219900230123X", "620102901332123", "6201021990", "62010217990101123X", "０" * 18, "无", "62A" * 6]
    numbers += ["620102901301997", "620102" + "17900101" + "1230", "620102000101996"]
    expected = []
    for number in numbers:
        plain = number.replace(" ", "").translate({0xFF10: "0"}).upper()
        expected.append(identity.parse(plain).number if valid(identity, plain) else None)
    found = standardised(land, one_field("DE01002"), numbers)
    assert [value for value, _ in found] == expected
    problems = dict(zip(numbers, (problem for _, problem in found), strict=True))
    assert problems["62010219900230123X"] == "date"
    assert problems["无"] == "form"
    assert {problem for number, problem in problems.items() if number in numbers[2:100:5]} == {"check-digit"}


def test_credit_and_organisation_codes_follow_their_standards(land):
    rng = random.Random(32100)
    codes = [generate.unified_credit_code(rng, division="620102") for _ in range(40)]
    given = []
    for code in codes:
        given += [
            code,
            code.lower(),
            generate.with_wrong_check(rng, code),
            code[:16] + ("0" if code[16] != "0" else "1") + code[17],
        ]
    given += ["91620102O00000000I", "9162"]
    found = [value for value, _ in standardised(land, one_field("DE02001"), given)]
    assert found == [code.upper() if valid(credit_code, code.upper()) else None for code in given]
    bodies = [code[8:17] for code in codes]
    given = [*bodies, *(f"{body[:8]}-{body[8]}" for body in bodies), *codes, "12345678A", "123"]
    found = [value for value, _ in standardised(land, one_field("DE02002"), given)]
    assert found == [*bodies, *bodies, *bodies, None, None]
    assert all(valid(organisation_code, body) for body in bodies)


WAYS: dict[str, tuple[dict[str, Any], dict[Any, Any]]] = {
    "dates": (  # in the four writings, and what is none
        {"element": "DE01004"},
        {"2024-02-29": date(2024, 2, 29), "20240229": date(2024, 2, 29), "2024/2/9": date(2024, 2, 9),
         "2024年2月9日": date(2024, 2, 9), "２０２４．０２．０９": date(2024, 2, 9),
         "2024-02-09 10:30:00": date(2024, 2, 9), " 2024-02-09": date(2024, 2, 9),
         "2023-02-29": "date", "20241301": "date", "九日": "form", "24-2-9": "form"},
    ),
    "instants": (
        {"element": "DE04015"},
        {"2024-02-09 10:30:00": datetime(2024, 2, 9, 2, 30, tzinfo=UTC),
         "2024/2/9 10:30": datetime(2024, 2, 9, 2, 30, tzinfo=UTC),
         "2024-02-09": datetime(2024, 2, 8, 16, tzinfo=UTC),
         "2024-02-09T10:30:00.5+00:00": datetime(2024, 2, 9, 10, 30, 0, 500_000, tzinfo=UTC),
         "1988-07-01 10:00:00": datetime(1988, 7, 1, 1, tzinfo=UTC), "2024-02-30 10:00:00": "date", "早上": "form"},
    ),
    "names": (
        {"element": "DE01001"},
        {"张　三": "张三", "欧 阳 娜 娜": "欧阳娜娜", "买买提•艾力": "买买提·艾力", "JOHN  SMITH": "JOHN SMITH",
         "⼀凡": "一凡", "\ufeff李\u200b四": "李四", "㐀某": "㐀某", "长" * 65: "length", "  ": None, "": None},
    ),
    "codes": (
        {"element": "DE01003"},
        {"1": "1", "男": "1", "女性": "2", "９": "9", "3": "codes", "未知": "0"},
    ),
    "nationalities": ({"element": "DE01005"}, {"01": "01", "1": "01", "汉族": "01", "57": "codes"}),
    "divisions": (
        {"element": "DE03001"},
        {"620102": "620102", "629902": "629902", "62010": "codes", "金河市": "codes", "兰州市": "620100"},
    ),
    "mobiles": (
        {"element": "DE08001"},
        {"138 0013 8000": "13800138000", "+86-13800138000": "13800138000", "１３８００１３８０００": "13800138000",
         "0931-8888888": "form", "12800138000": "form"},
    ),
    "telephones": (
        {"element": "DE08002"}, {"（0931）8888888": "09318888888", "13800138000": "13800138000", "无": "form"},
    ),
    "amounts": (
        {"element": "DE05001"},
        {"1,234.50": Decimal("1234.50"), "-3": Decimal("-3.00"), "１．５": Decimal("1.50"), "1.500": Decimal("1.50"),
         "1.555": "scale", "三元": "number", "9" * 20: "number", "1e3": "number"},
    ),
    "counts": ({"element": "DE05012"}, {"12": 12, "+1,200": 1200, "3.0": 3, "3.5": "number", "许多": "number"}),
    "flags": ({"element": "DE13011"}, {"是": True, "0": False, "Y": True, "也许": "boolean"}),
    "texts": ({"name": "f", "length": 3}, {"ab\tc": "length", "ＡＢ": "AB", "，": "，", "'--": "'--", "a\\b": "a\\b"}),
}  # fmt: skip


def columns_of(cases):
    """A landed table with a column for each case, and the fields they fill."""
    most = max(len(values) for _, values in cases)
    keys = [f"{n:03d}" for n in range(most)]
    fields = [(f"v{n}", one_field(**given).model_copy(update={"name": f"f{n}"})) for n, (given, _) in enumerate(cases)]
    columns = {f"v{n}": [*values, *[None] * most][:most] for n, (_, values) in enumerate(cases)}
    return pa.table({"id": keys, **columns}), fields


def test_a_value_becomes_the_fields_or_is_named(land):
    table, fields = columns_of([(given, list(expected)) for given, expected in WAYS.values()])
    land.put(table)
    land.run(order(fields))
    rows = land.rows()
    for number, (way, (_, expected)) in enumerate(WAYS.items()):
        for key, (value, wanted) in zip(sorted(rows), expected.items(), strict=False):
            found, row = rows[key][f"f{number}"], rows[key]
            told = dict(one.split(":") for one in row["_problems"].split()).get(f"f{number}")
            assert (told or found) == wanted, (way, value)
            assert found is None or told is None


TYPED = [
    ("DE01004", pa.date32(), date(2024, 2, 29), date(2024, 2, 29)),
    ("DE01004", pa.timestamp("us", tz="UTC"), datetime(2024, 2, 28, 16, tzinfo=UTC), date(2024, 2, 29)),
    ("DE04015", pa.timestamp("us"), datetime(2024, 2, 9, 10, 30), datetime(2024, 2, 9, 2, 30, tzinfo=UTC)),  # noqa: DTZ001
    ("DE04015", pa.timestamp("us", tz="UTC"), NOW, NOW),
    ("DE05012", pa.int32(), 7, 7),
    ("DE05001", pa.float64(), 1.25, Decimal("1.25")),
    ("DE05001", pa.decimal128(30, 0), Decimal(10**17), None),
    ("DE02016", pa.int64(), 5211, "5211"),
    ("DE13011", pa.bool_(), True, True),
]


def typed():
    """A landed table whose columns have types of their own, and the fields they fill."""
    _, fields = columns_of([({"element": element}, [None]) for element, _, _, _ in TYPED])
    arrays = {f"v{n}": pa.array([value], kind) for n, (_, kind, value, _) in enumerate(TYPED)}
    return pa.table({"id": [1], **arrays}), fields


def test_columns_that_have_a_type_keep_their_values(land):
    table, fields = typed()
    land.put(table)
    land.run(order(fields))
    (row,) = land.rows().values()
    assert [row[f"f{n}"] for n in range(len(TYPED))] == [expected for _, _, _, expected in TYPED]
    assert (row["_key"], row["_problems"]) == ("1", "f6:number")


MARKED = pa.schema([("id", pa.string()), ("v", pa.string()), ("at", pa.string())])


def named(rows):
    return pa.table([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=MARKED)


NAME = [("v", one_field("DE01001"))]


def test_of_rows_with_one_key_the_newest_counts_and_a_row_without_one_is_left_out(land):
    land.put(
        named(
            [
                ("1", "旧", "2024-01-01"),
                ("1", "新", "2024-01-02"),
                ("1", "无", None),
                (None, "空", None),
                (" ", "空", None),
                ("2", "乙", "x"),
            ]
        )
    )
    done = land.run(order(NAME, changed="at"))
    assert (done.rows, done.repeated, done.keyless, done.full) == (2, 2, 2, True)
    rows = land.rows()
    assert (rows["1"]["f"], rows["1"]["_changed"]) == ("新", datetime(2024, 1, 1, 16, tzinfo=UTC))
    assert (rows["2"]["f"], rows["2"]["_changed"], rows["2"]["_problems"]) == ("乙", None, "")


def test_ended_and_missed_rows_of_a_history_do_not_count(land):
    moment = pa.timestamp("us", tz="UTC")
    ends = {
        "jutong_to": pa.array([NOW, None, None], moment),
        "jutong_deleted": pa.array([None, None, NOW], moment),
    }
    land.put(pa.table({"id": ["1", "1", "2"], "v": ["旧", "新", "走"], **ends}))
    done = land.run(order(NAME))
    assert {key: row["f"] for key, row in land.rows().items()} == {"1": "新"}
    assert done.repeated == 0


def test_problems_are_counted_for_the_whole_table(land):
    land.put(pa.table({"id": ["1", "2", "3"], "v": ["男", "x", "y"], "d": ["2024-01-01", "bad", "2024-13-01"]}))
    when = one_field("DE01004").model_copy(update={"name": "day"})
    done = land.run(order([("v", one_field("DE01003")), ("d", when)]))
    assert done.with_problems == 2
    assert {(one.field, one.problem): one.rows for one in done.problems} == {
        ("f", "codes"): 2, ("day", "form"): 1, ("day", "date"): 1,
    }  # fmt: skip
    assert land.rows()["2"]["_problems"] == "f:codes day:form"


def test_a_centers_own_codes_are_understood(land):
    land.put(pa.table({"id": ["1", "2"], "v": ["男士", "5"]}))
    own = (CodeWritings(table="gbt2261.1-sex", pairs=(("男士", "1"), ("其他", "5"))),)
    land.run(order([("v", one_field("DE01003"))], codes=own))
    assert [row["f"] for row in land.rows().values()] == ["1", "5"]


def test_a_feed_that_does_not_fit_is_named(land):
    with pytest.raises(TableUnknownError):
        land.run(order(NAME))
    land.put(pa.table({"id": ["1"], "v": [b"x"]}))
    for unfit in (
        order(NAME),
        order([("nothing", one_field("DE01001"))]),
        order(NAME, key="nothing"),
        order(NAME, changed="no"),
    ):
        with pytest.raises(FeedUnfitError, match="fed"):
            land.run(unfit)
    assert not land.out.exists()


def test_what_was_committed_before_a_kill_is_told_and_not_done_again(land):
    land.put(named([("1", "甲", None), ("2", "乙", None), ("2", "乙", None)]))
    first = land.run(order(NAME), "the-work")
    land.put(named([("3", "丙", None)]))
    again = land.run(order(NAME), "the-work")
    assert again.model_copy(update={"seconds": first.seconds}) == first
    assert describe(land.out).version == 0


def test_changes_give_what_everything_done_anew_gives(land, tmp_path):
    """Files come and go as moves make them; after each the outcome is that of the whole table."""
    rng = random.Random(5)
    whole = Land(tmp_path / "whole")
    land.path.parent.mkdir(parents=True)
    (tmp_path / "whole" / "library").mkdir(parents=True)
    (tmp_path / "whole" / "library" / "landed").symlink_to(land.path.parent.parent)
    serial = 0
    land.put(named([(str(serial), "甲", None)]))
    ways = []
    for _ in range(6):
        step = rng.choice(["append", "append", "rewrite", "replace", "again"])
        fresh = [
            (f"k{serial + n}", rng.choice(["甲", "乙　", None]), f"2024-01-{rng.randrange(1, 29):02d}")
            for n in range(3)
        ]
        serial += 3
        if step == "append":
            land.put(named(fresh), "append")
        elif step == "again":
            land.put(named([("k1", "又", "2024-03-01")]), "append")
        elif step == "replace":
            land.put(named(fresh))
        else:
            DeltaTable(str(land.path)).delete(f"id = 'k{rng.randrange(serial)}'")
        done, all_of_it = land.run(order(NAME, changed="at")), whole.run(order(NAME, changed="at", mode="full"))
        ways.append(done.full)
        assert land.rows() == whole.rows()
        assert (done.rows, done.repeated, done.keyless) == (all_of_it.rows, all_of_it.repeated, all_of_it.keyless)
    assert {True, False} == set(ways)


def test_a_small_change_writes_few_rows(land):
    land.put(named([(str(n), "甲", None) for n in range(500)]))
    land.run(order(NAME))
    land.put(named([("new", "乙", None)]), "append")
    done = land.run(order(NAME))
    assert (done.full, done.written, done.gone, done.rows) == (False, 1, 0, 501)
    assert land.run(order([("v", one_field("DE01001", length=5))])).full


def test_a_version_that_was_tidied_away_or_damaged_is_made_anew(land):
    land.put(named([("1", "甲", None)]))
    land.run(order(NAME))
    former = list(land.path.glob("*.parquet"))
    land.put(named([("1", "乙", None), ("2", "丙", None)]))
    for file in former:
        file.unlink()
    assert land.run(order(NAME)).full
    for file in land.out.glob("*.parquet"):
        file.write_bytes(b"")
    assert land.run(order(NAME)).full
    assert {row["f"] for row in land.rows().values()} == {"乙", "丙"}


def test_both_engines_standardise_alike(tmp_path):
    table, fields = columns_of([(given, list(expected)) for given, expected in WAYS.values()])
    keys = table["id"].to_pylist()
    keys[3] = keys[2]
    table = table.set_column(0, "id", pa.array(keys))
    _, typed_fields = typed()
    for (column, field), (_, kind, value, _) in zip(typed_fields, TYPED, strict=True):
        values = pa.array([value, *[None] * (len(keys) - 1)], kind)  # type: ignore[call-overload]
        table = table.append_column(f"typed_{column}", values)
        fields.append((f"typed_{column}", field.model_copy(update={"name": f"typed_{field.name}"})))

    def work(engine, folder):
        land = Land(folder, DUCKDB if engine.name == "duckdb" else spark_address())
        land.put(table)
        land.run(order(fields, changed="v1"))
        later = Land(folder / "later", land.address)
        later.put(named([("0", "甲", None)]))
        later.put(named([("1", "甲", None), ("2", "乙", None)]), "append")
        later.run(order(NAME))
        DeltaTable(str(later.path)).delete("id = '2'")
        later.put(named([("3", "丙　", None)]), "append")
        assert not later.run(order(NAME)).full
        return (land.out, later.out)

    both(tmp_path, work)


def test_a_field_definition_without_an_element_is_a_plain_text(land):
    assert standardised(land, FieldDefinition(name="f", title=""), ["ａ b"]) == [("a b", "")]
