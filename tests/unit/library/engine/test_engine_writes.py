from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from jutong.library.engine import DUCKDB, EngineSetting, open_engine
from jutong.library.engine.delta import said_of, version_of
from jutong.library.engine.errors import (
    EngineMissingError,
    EngineRefusedError,
    EngineUnknownError,
    EngineUnreachableError,
    TableForeignError,
    TableTouchedError,
)
from jutong.library.errors import (
    DiskFullError,
    KeyMissingError,
    KeyRepeatedError,
    SchemaDriftError,
    TableBusyError,
    TableUnknownError,
)
from jutong.library.overwrite import Overwrite
from jutong.library.tables import describe
from tests.engines import both, spark_address
from tests.engines import engine as open_at

HUNDRED = (
    "SELECT CAST(i AS VARCHAR) AS k, i AS n, CASE WHEN i % 2 = 0 THEN 'x' END AS t "
    "FROM (SELECT range AS i FROM range({n}))"
)


@pytest.fixture
def duck(tmp_path):
    with open_engine(EngineSetting(DUCKDB, 256), tmp_path / "scratch") as one:
        yield one


@pytest.fixture
def path(tmp_path):
    return tmp_path / "library" / "fused" / "RK" / "person"


def rows(duck, path, version=None):
    duck.attach("looked_at", path, version)
    return dict(duck.rows("SELECT k, n FROM looked_at"))


def test_a_merge_changes_adds_takes_out_and_leaves_the_version_before_readable(duck, path):
    duck.write(HUNDRED.format(n=100), path, commit={"work_id": "one"})
    version = duck.write(
        "SELECT '7' AS k, CAST(70 AS BIGINT) AS n, NULL AS t UNION ALL SELECT '8', 8, 'x' "
        "UNION ALL SELECT 'new', 1, NULL",
        path, keys=("k",), gone="SELECT 'new' AS k UNION ALL SELECT '9' UNION ALL SELECT 'never'",
        commit={"work_id": "two"},
    )  # fmt: skip
    now, before = rows(duck, path), rows(duck, path, 0)
    assert before == {str(i): i for i in range(100)}
    assert now == {**{k: n for k, n in before.items() if k != "9"}, "7": 70, "new": 1}
    said = said_of(path, version)
    assert (said["inserted"], said["updated"], said["deleted"], said["unchanged"]) == (1, 1, 1, 1)
    assert said["table_rows"] == describe(path).rows == 100
    assert (version_of(path, work_id="one"), version_of(path, work_id="no")) == (0, None)


def test_a_merge_of_rows_as_they_stand_writes_no_file(duck, path):
    duck.write(HUNDRED.format(n=50), path, commit={})
    files = set(path.glob("*.parquet"))
    version = duck.write(HUNDRED.format(n=20), path, keys=("k",), commit={"work_id": "same"})
    assert set(path.glob("*.parquet")) == files
    assert said_of(path, version)["unchanged"] == 20


def test_only_files_with_a_row_that_changes_are_written_anew(duck, path):
    duck.write(HUNDRED.format(n=10), path, commit={})
    duck.write("SELECT 'late' AS k, CAST(1 AS BIGINT) AS n, 'x' AS t", path, keys=("k",), commit={})
    old = {file.name for file in path.glob("*.parquet")}
    duck.write("SELECT 'late' AS k, CAST(2 AS BIGINT) AS n, 'x' AS t", path, keys=("k",), commit={})
    still = {Path(uri).name for uri in DeltaTable(str(path)).file_uris()}
    assert len(still & old) == 1
    assert rows(duck, path)["late"] == 2


def test_a_merge_that_cannot_be_is_named_and_changes_nothing(duck, path):
    duck.write(HUNDRED.format(n=5), path, commit={})
    unfit = {
        KeyRepeatedError: "SELECT '1' AS k, CAST(1 AS BIGINT) AS n, 'x' AS t UNION ALL SELECT '1', 2, 'y'",
        KeyMissingError: "SELECT CAST(NULL AS VARCHAR) AS k, CAST(1 AS BIGINT) AS n, 'x' AS t",
        SchemaDriftError: "SELECT '1' AS k, 'one' AS n, 'x' AS t",
    }
    for error, sql in unfit.items():
        with pytest.raises(error):
            duck.write(sql, path, keys=("k",), commit={})
    with Overwrite(path, "0" * 8), pytest.raises(TableBusyError):
        duck.write(HUNDRED.format(n=1), path, commit={})
    assert DeltaTable(str(path)).version() == 0
    assert rows(duck, path) == {str(i): i for i in range(5)}


def test_a_full_disk_leaves_the_table_as_it_was_and_no_file_behind(duck, path):
    duck.write(HUNDRED.format(n=5), path, commit={})
    files = sorted(path.glob("*"))
    duck.keep(
        "much",
        "SELECT CAST(i AS VARCHAR) AS k, CAST(hash(i) AS VARCHAR) AS n FROM (SELECT range AS i FROM range(40000))",
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(DiskFullError):
            duck.write("SELECT * FROM much", path, commit={})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(path.glob("*")) == files
    assert rows(duck, path) == {str(i): i for i in range(5)}


def test_what_would_be_read_wrongly_is_refused(duck, path, tmp_path):
    with pytest.raises(TableUnknownError):
        duck.attach("t", path)
    split = tmp_path / "library" / "landed" / "A" / "split"
    write_deltalake(str(split), pa.table({"a": [1, 2], "b": ["x", "y"]}), partition_by=["b"])
    with pytest.raises(TableForeignError, match="partitions"):
        duck.attach("t", split)
    duck.write(HUNDRED.format(n=5), path, commit={})
    log = path / "_delta_log" / f"{1:020d}.json"
    features = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors"],
                "writerFeatures": ["deletionVectors"]}  # fmt: skip
    log.write_text(json.dumps({"protocol": features}), encoding="utf-8")
    with pytest.raises(TableForeignError, match="deletionVectors"):
        duck.attach("t", path)
    assert rows(duck, path, 0)["4"] == 4
    (file,) = path.glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(TableTouchedError, match=file.name):
        duck.attach("t", path, 0)


def test_a_refusal_tells_no_value_of_a_row(duck):
    with pytest.raises(EngineRefusedError) as refused:
        duck.rows("SELECT CAST('张三' AS BIGINT)")
    assert "张三" not in str(refused.value)
    with pytest.raises(EngineRefusedError, match="no_such_table"):
        duck.rows("SELECT * FROM no_such_table")


def test_memory_is_bounded_and_the_overflow_is_taken_away(duck, tmp_path):
    source = "(SELECT range AS i FROM range(600000))"
    sql = f"SELECT hash(i) AS a, hash(i + 1) AS b, hash(i + 2) AS c FROM {source} ORDER BY a"
    with open_engine(EngineSetting(DUCKDB, 16, 1), tmp_path / "small") as small:
        small.keep("sorted", sql)
        assert small.rows("SELECT count(*), count(DISTINCT a) > 599000 FROM sorted") == [(600_000, True)]
    assert not list((tmp_path / "small").iterdir())


def test_both_engines_write_the_same_and_read_each_others_tables(tmp_path):
    def work(engine, folder):
        path = folder / "library" / "fused" / "RK" / "all_types"
        engine.attach_rows(
            "source",
            pa.table({"k": ["a", "b", "c"], "n": [1, None, 3], "d": pa.array([1, 2, None], pa.decimal128(18, 2))}),
        )
        engine.attach_rows("nobody", pa.table({"k": pa.array([], pa.string())}))
        types = (
            "SELECT k, n, d, CAST('2024-02-29' AS DATE) AS day, "
            "CAST('2024-02-29 08:00:00+08:00' AS TIMESTAMPTZ) AS moment, "
            "n > 1 AS more, NULL AS nothing, sum(n) OVER () AS total, count(*) OVER () AS c FROM source"
        )
        engine.keep("kept", types)
        engine.write("SELECT * FROM kept", path, commit={"work_id": "1"})
        engine.write(
            "SELECT k, n, CAST(9 AS DECIMAL(18, 2)) AS d, day, moment, more, nothing, total, c FROM kept WHERE k = 'a' "
            "UNION ALL SELECT * FROM kept WHERE k = 'b'",
            path, keys=("k",), gone="SELECT 'c' AS k UNION ALL SELECT k FROM nobody", commit={"work_id": "2"},
        )  # fmt: skip
        assert [batch.num_rows for batch in engine.batches("SELECT * FROM kept", 2) if batch.num_rows]
        engine.attach("before", path, 0)
        assert engine.rows("SELECT sum(n), sum(d), count(*) FROM before") == [(4, 3, 3)]
        said = said_of(path, 1)
        assert (said["updated"], said["deleted"], said["unchanged"]) == (1, 1, 1)
        return (path,)

    both(tmp_path, work)


def test_an_address_that_is_none_or_answers_nothing_is_named(tmp_path):
    for wrong in ("oracle", "sc://", "sc://host:port"):
        with pytest.raises(EngineUnknownError):
            open_engine(EngineSetting(wrong), tmp_path)
    with pytest.raises(EngineUnreachableError):
        open_engine(EngineSetting("sc://127.0.0.1:1"), tmp_path)


def test_a_missing_client_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql.connect.session", None)
    with pytest.raises(EngineMissingError, match="sc://"):
        open_at(spark_address(), tmp_path)


def test_what_a_killed_write_left_goes_with_the_next(duck, path):
    duck.write(HUNDRED.format(n=5), path, commit={})
    left = path / ".engine-killed" / "files"
    left.mkdir(parents=True)
    (left / "half.parquet").write_bytes(b"PAR1")
    assert rows(duck, path)["4"] == 4
    duck.write(HUNDRED.format(n=6), path, commit={})
    assert not left.parent.exists()
    assert rows(duck, path)["5"] == 5


def test_columns_added_later_are_empty_in_older_files(duck, path):
    write_deltalake(str(path), pa.table({"k": ["1"], "n": [1]}))
    write_deltalake(str(path), pa.table({"k": ["2"], "n": [2], "d": ["x"]}), mode="append", schema_mode="merge")
    duck.attach("t", path)
    assert sorted(duck.rows("SELECT k, d FROM t")) == [("1", None), ("2", "x")]


def test_a_cluster_refuses_by_name_too(tmp_path):
    with open_at(spark_address(), tmp_path) as cluster:
        for sql in ("SELECT no_such_column FROM range(3)", "SELEC 1"):
            with pytest.raises(EngineRefusedError, match="spark"):
                cluster.rows(sql)
    assert not list(tmp_path.iterdir())
