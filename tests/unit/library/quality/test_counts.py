"""What rules count is counted again by pandas, written apart from them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jutong.contracts import quality as contract
from jutong.contracts.quality import CheckedField, CheckOrder, CheckResult, TableAddress
from jutong.library.engine import Engine, EngineSetting, open_engine
from jutong.library.quality import counting
from jutong.library.quality.check import check
from jutong.library.quality.errors import RuleUncompilableError, RuleWithoutRowsError
from jutong.library.quality.failing import failing
from tests import engines

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
CODE = "11620100MB1234567X"
PEOPLE = TableAddress(zone="standardised", code=CODE, name="people")
POLICE = TableAddress(zone="standardised", code=CODE, name="police")
ROWS = 3_000


def _number(body: str) -> str:
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


def _people() -> pd.DataFrame:
    chance = random.Random(8)
    rows = []
    for n in range(ROWS):
        number = _number(
            f"620102{chance.randint(1950, 2009)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}{n % 1000:03}"
        )
        if chance.random() < 0.03:
            number = number[:17] + "X0"[number[17] == "X"]
        if chance.random() < 0.02:
            number = chance.choice(["", "   ", "abc", number[:15], "+" + number[1:], "62010219900101" + "1e5X"])
        rows.append({
            "_key": f"k{n % (ROWS - 40)}", "_problems": chance.choice(["", "", "", "born:date", "sex:codes born:date"]),
            "number": None if chance.random() < 0.02 else number,
            "name": chance.choice(["张三", "欧阳娜娜", "", " ", None, "Li Si", "王·五"]),
            "sex": chance.choice(["1", "2", "0", "9", "男", None]),
            "marital": chance.choice(["10", "20", "30", "40", "99", None]),
            "spouse": chance.choice(["x", None]),
            "born": chance.choice([date(1990, 1, 1), date(2030, 1, 1), date(1899, 12, 31), None]),
            "died": chance.choice([date(1980, 1, 1), date(2026, 10, 1), None]),
            "income": chance.choice([Decimal("0.00"), Decimal("-5.50"), Decimal("1234.56"), None]),
            "credit": chance.choice(["91350100M000100Y43", "91350100M000100Y44", "O1350100M000100Y43", None]),
            "note": chance.choice(["2026-01-31", "20260231", "12", "-7", "1.50", "x", None]),
        })  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return _people()


@pytest.fixture(scope="module")
def library(people: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("library")
    schema = pa.schema(
        [
            pa.field(
                name, {"born": pa.date32(), "died": pa.date32(), "income": pa.decimal128(12, 2)}.get(name, pa.string())
            )
            for name in people.columns
        ]
    )
    write_deltalake(
        str(home / PEOPLE.zone / CODE / "people"), pa.Table.from_pandas(people, schema, preserve_index=False)
    )
    some = people.drop_duplicates("_key").head(ROWS // 2)
    marital = some["marital"].where(some.index % 7 != 0, "20")
    police = pa.table(
        {"_key": pa.array(some["_key"], pa.string()), "marital": pa.array(marital, pa.string(), from_pandas=True)}
    )
    write_deltalake(str(home / PEOPLE.zone / CODE / "police"), police)
    return home


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine(EngineSetting(), tmp_path_factory.mktemp("scratch")) as opened:
        yield opened


RULES: tuple[contract.QualityRule, ...] = (
    contract.Required(id="number-required", field="number"),
    contract.Required(id="name-required", field="name"),
    contract.Required(id="born-required", field="born"),
    contract.Standardised(id="sex-standard", field="sex"),
    contract.Standardised(id="born-standard", field="born"),
    contract.CheckDigit(id="number-digit", field="number", scheme="identity"),
    contract.CheckDigit(id="credit-digit", field="credit", scheme="credit-code"),
    contract.TextPattern(id="name-pattern", field="name", pattern="[一-鿿·]{2,4}"),
    contract.TextLength(id="name-length", field="name", least=2, most=3),
    contract.Codes(id="sex-codes", field="sex", table="gbt2261.1-sex"),
    contract.Codes(id="nation-codes", field="note", table="gbt2260"),
    contract.Codes(id="nation-local", field="sex", table="gbt2260", values=("1", "2")),
    contract.Codes(id="marital-codes", field="marital", values=("10", "20", "30", "40")),
    contract.Range(id="income-range", field="income", least="0", most="1000.5"),
    contract.Range(id="born-range", field="born", least="1900-01-01"),
    contract.Comparison(id="born-died", field="born", operator="le", other="died"),
    contract.Depends(id="spouse-if-married", field="spouse", when="marital", cases=("20",)),
    contract.Fresh(id="died-fresh", field="died", days=365),
    contract.Typed(id="note-date", field="note", to="date"),
    contract.Typed(id="note-integer", field="note", to="integer"),
    contract.Typed(id="note-decimal", field="note", to="decimal"),
    contract.Unique(id="key-unique", fields=("_key",)),
    contract.Unique(id="pair-unique", fields=("number", "born")),
    contract.Reference(id="in-police", field="_key", other=POLICE, in_field="_key"),
    contract.Agrees(
        id="marital-same", field="marital", key="_key", other=POLICE, other_key="_key", other_field="marital"
    ),
)
FIELDS = tuple(
    CheckedField(name=name, title=name, type=kind, open=name in ("sex", "marital"))  # type: ignore[arg-type]
    for name, kind in (
        ("number", "text"), ("name", "text"), ("sex", "text"), ("marital", "text"), ("born", "date"),
        ("income", "decimal"), ("note", "text"),
    )
)  # fmt: skip


def _order(*rules: contract.QualityRule, **more: object) -> CheckOrder:
    fields = {"table": PEOPLE, "fields": FIELDS, "rules": rules, "floor": 10, **more}
    return CheckOrder.model_validate(fields)


def _quiet(_phase: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture(scope="module")
def result(engine: Engine, library: Path) -> CheckResult:
    return check(engine, _order(*RULES), library, NOW, _quiet)


def _right(number: str) -> bool:
    return bool(re.fullmatch(r"[1-9]\d{16}[\dX]", number, re.ASCII)) and _number(number[:17]) == number


def _right_credit(code: str) -> bool:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if len(code) != 18 or any(one not in alphabet for one in code):
        return False
    total = sum(alphabet.index(one) * pow(3, place, 31) for place, one in enumerate(code[:17]))
    return alphabet[-total % 31] == code[17]


def _is_day(text: str) -> bool:
    try:
        datetime.strptime(text.replace("-", ""), "%Y%m%d")  # noqa: DTZ007 - only whether it is a day
    except ValueError:
        return False
    return len(text) in (8, 10)


def _by_pandas(people: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Count every rule anew: how many rows it speaks of, and how many break it."""

    def some(name: str) -> pd.Series:
        return people[name].dropna()

    def asked(name: str, wrong: object) -> tuple[int, int]:
        values = some(name)
        return len(values), int(values.map(wrong).sum())

    both = people.dropna(subset=["born", "died"])
    married = people[people["marital"] == "20"]
    pairs = people.dropna(subset=["number", "born"])
    first = people.drop_duplicates("_key").head(ROWS // 2)
    theirs = {
        key: ("20" if index % 7 == 0 else marital)
        for index, key, marital in zip(first.index, first["_key"], first["marital"], strict=True)
    }
    shared = people[people["_key"].isin(theirs)]
    differs = sum(
        (None if pd.isna(mine) else mine) != (None if pd.isna(theirs[key]) else theirs[key])
        for key, mine in zip(shared["_key"], shared["marital"], strict=True)
    )

    def problem(name: str) -> tuple[int, int]:
        named = people["_problems"].str.split().map(lambda found: any(one.startswith(f"{name}:") for one in found))
        return int((named | people[name].notna()).sum()), int(named.sum())

    return {
        "number-required": (ROWS, int(people["number"].fillna("").str.strip(" ").eq("").sum())),
        "name-required": (ROWS, int(people["name"].fillna("").str.strip(" ").eq("").sum())),
        "born-required": (ROWS, int(people["born"].isna().sum())),
        "sex-standard": problem("sex"),
        "born-standard": problem("born"),
        "number-digit": asked("number", lambda text: not _right(text)),
        "credit-digit": asked("credit", lambda text: not _right_credit(text)),
        "name-pattern": asked("name", lambda text: not re.fullmatch("[一-鿿·]{2,4}", text)),
        "name-length": asked("name", lambda text: not 2 <= len(text) <= 3),
        "sex-codes": asked("sex", lambda text: text not in {"0", "1", "2", "9"}),
        "nation-codes": asked("note", lambda _text: True),
        "nation-local": asked("sex", lambda text: text not in {"1", "2"}),
        "marital-codes": asked("marital", lambda text: text not in {"10", "20", "30", "40"}),
        "income-range": asked("income", lambda value: not 0 <= value <= Decimal("1000.5")),
        "born-range": asked("born", lambda day: day < date(1900, 1, 1)),
        "born-died": (len(both), int((both["born"] > both["died"]).sum())),
        "spouse-if-married": (len(married), int(married["spouse"].isna().sum())),
        "died-fresh": asked("died", lambda day: not date(2025, 11, 22) <= day <= date(2026, 11, 22)),
        "note-date": asked("note", lambda text: not _is_day(text)),
        "note-integer": asked("note", lambda text: not re.fullmatch(r"[+-]?\d+", text)),
        "note-decimal": asked("note", lambda text: not re.fullmatch(r"[+-]?\d+(\.\d+)?", text)),
        "key-unique": (ROWS, int(people["_key"].duplicated().sum())),
        "pair-unique": (len(pairs), int(pairs.duplicated(["number", "born"]).sum())),
        "in-police": (ROWS, int((~people["_key"].isin(theirs)).sum())),
        "marital-same": (len(shared), differs),
    }


def test_every_rule_counts_what_pandas_counts(result: CheckResult, people: pd.DataFrame) -> None:
    found = {count.rule: (count.evaluated, count.failed) for count in result.counts}
    assert found == _by_pandas(people)
    assert result.rows == ROWS
    assert all(failed for _, failed in found.values()), "a rule nothing breaks would show nothing"


def test_every_count_opens_its_rows(engine: Engine, library: Path, people: pd.DataFrame, result: CheckResult) -> None:
    counted = {count.rule: count.failed for count in result.counts}
    for rule in RULES:
        _, rows = failing(engine, _order(*RULES), library, rule_id=rule.id, span=(0, ROWS), now=NOW)
        beyond = {row[0] for row in rows} if rule.kind == "unique" else ()
        assert len(rows) - len(beyond) == counted[rule.id] or rule.id == "pair-unique", rule.id
    columns, rows = failing(engine, _order(*RULES), library, rule_id="number-digit", span=(2, 5), now=NOW)
    assert columns[:2] == ["_key", "number"]
    assert len(rows) == 5
    assert not any(_right(row[1]) for row in rows)


def test_what_is_estimated_says_so_and_is_near(engine: Engine, library: Path) -> None:
    [found] = check(engine, _order(RULES[21], exact=False), library, NOW, _quiet).counts
    assert not found.exact
    assert found.evaluated == ROWS
    assert found.failed <= 400


def test_profile_tells_no_value_of_a_closed_field(result: CheckResult, people: pd.DataFrame) -> None:
    found = {one.name: one for one in result.profile}
    assert found["sex"].spread_by == "values"
    assert {share.label: share.rows for share in found["sex"].spread} == people["sex"].value_counts().to_dict()
    assert found["number"].spread_by == "lengths"
    assert found["number"].forms[0].label == "9{18}"
    assert found["number"].nulls == people["number"].isna().sum()
    assert all(share.rows >= 10 for one in result.profile for share in (*one.spread, *one.forms, *one.types))
    years = {share.label: share.rows for share in found["born"].spread}
    assert years == people["born"].dropna().map(lambda day: str(day.year)).value_counts().to_dict()
    assert {share.label for share in found["income"].spread} == {"<0", "0-1", "1000-10000"}
    assert {share.label for share in found["note"].types} == {"date", "integer", "decimal", "text"}


def test_drift_and_cycle_speak_of_the_table(engine: Engine, library: Path, result: CheckResult) -> None:
    of_table = (
        contract.RowsDrift(id="rows"),
        contract.Drift(id="sex-drift", field="sex"),
        contract.Drift(id="marital-drift", field="marital"),
        contract.Cycle(id="cycle", hours=1),
    )
    now = datetime.fromtimestamp(result.committed_ms / 1000, UTC).replace(year=2027)
    before = [one.model_dump() for one in result.profile]
    for share in before[2]["spread"]:
        share["rows"] = 2 if share["label"] == "1" else share["rows"]
    order = _order(*of_table, rows_before=ROWS * 2, profile_before=before)
    found = {count.rule: (count.evaluated, count.failed) for count in check(engine, order, library, now, _quiet).counts}
    assert found == {"rows": (1, 1), "sex-drift": (1, 1), "marital-drift": (1, 0), "cycle": (1, 1)}
    first = {one.rule: one.evaluated for one in check(engine, _order(*of_table), library, now, _quiet).counts}
    assert first == {"rows": 0, "sex-drift": 0, "marital-drift": 0, "cycle": 1}
    with pytest.raises(RuleWithoutRowsError):
        failing(engine, _order(*of_table), library, rule_id="cycle", span=(0, 5), now=NOW)


@pytest.mark.parametrize(
    "rule",
    [
        contract.Required(id="r", field="absent"),
        contract.TextPattern(id="r", field="born", pattern="x"),
        contract.TextPattern(id="r", field="name", pattern="[z-a]"),
        contract.Codes(id="r", field="sex", table="no-such-table"),
        contract.Range(id="r", field="born", least="yesterday"),
        contract.Range(id="r", field="born"),
        contract.Range(id="r", field="name", least="1"),
        contract.Comparison(id="r", field="born", operator="eq", other="name"),
        contract.Fresh(id="r", field="name", days=1),
    ],
)
def test_a_rule_that_does_not_fit_is_named(engine: Engine, library: Path, rule: contract.QualityRule) -> None:
    with pytest.raises(RuleUncompilableError) as refused:
        check(engine, _order(rule), library, NOW, _quiet)
    assert refused.value.fields["rule"] == "r"


@pytest.mark.parametrize("pattern", ["(?=x)", "(?i)x", r"(a)\1", "a++", "[a&&b]"])
def test_a_pattern_one_engine_reads_otherwise_is_no_rule(pattern: str) -> None:
    with pytest.raises(ValueError, match="every engine"):
        contract.TextPattern(id="r", field="name", pattern=pattern)


def test_all_rules_on_rows_are_one_statement() -> None:
    assert counting.row_statement([], "checked").count("SELECT") == 1


def test_a_cluster_counts_the_same(library: Path, tmp_path: Path, result: CheckResult) -> None:
    with engines.engine(engines.spark_address(), tmp_path) as spark:
        found = check(spark, _order(*RULES), library, NOW, _quiet)
    assert found.counts == result.counts
    assert [one.model_copy(update={"distinct": 0}) for one in found.profile] == [
        one.model_copy(update={"distinct": 0}) for one in result.profile
    ]
