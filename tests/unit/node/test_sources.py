from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jutong.node import sources
from jutong.node.connectors.errors import SourcesExposedError, SourcesFileError, SourceUnknownError

CODE = "11629900MB0000001X"
SQLITE = {"name": "school", "dialect": "sqlite", "organisation_code": CODE, "path": "school.db"}
POSTGRES = {
    "name": "civil-affairs",
    "dialect": "postgresql",
    "organisation_code": CODE,
    "dsn": "postgresql://reader:s%40cret@127.0.0.1:5433/civil",
    "schemas": ["public"],
}
MYSQL = {"name": "housing", "dialect": "mysql", "organisation_code": CODE, "dsn": "mysql://u:p%40ss@db:3307/house"}

ODBC = {
    "name": "other", "dialect": "odbc", "organisation_code": CODE, "dsn": "odbc://u:p@db/house",
    "driver": "MariaDB Unicode", "speaks": "mysql",
}  # fmt: skip


def write(folder: Path, content: Any, mode: int = 0o600) -> Path:
    path = folder / "sources.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    path.chmod(mode)
    return path


def test_three_dialects_are_read_by_name(tmp_path: Path) -> None:
    dameng = {"name": "tax", "dialect": "dameng", "organisation_code": CODE, "dsn": "dameng://u:p@db:5236"}
    others = sources.load(write(tmp_path, [ODBC, dameng]))
    assert (others["other"].driver, others["other"].speaks, others["tax"].driver) == ("MariaDB Unicode", "mysql", "")
    assert sources.from_row(json.loads(json.dumps(sources.as_row(others["other"])))) == others["other"]
    found = sources.load(write(tmp_path, [SQLITE, POSTGRES, MYSQL]))
    assert list(found) == ["school", "civil-affairs", "housing"]
    assert found["school"].file == tmp_path / "school.db"
    assert found["civil-affairs"].schemas == ("public",)
    assert [source.writes for source in found.values()] == [()] * len(found)  # nothing, unless it is said
    assert found["housing"].mysql_options() == {
        "host": "db", "port": 3307, "user": "u", "password": "p@ss", "database": "house",
    }  # fmt: skip


def test_folders_and_doors_are_sources_too(tmp_path: Path) -> None:
    folder = {"name": "reports", "dialect": "files", "organisation_code": CODE, "path": "reports"}
    doors = {"name": "doors", "dialect": "endpoints", "organisation_code": CODE, "hosts": ["MQ.gov:9092", "[::1]:80"]}
    found = sources.load(write(tmp_path, [folder, doors]))
    assert found["reports"].file == tmp_path / "reports"
    assert found["doors"].hosts == ("mq.gov:9092", "[::1]:80")


@pytest.mark.parametrize(
    "row",
    [
        {"dialect": "files"},
        {"dialect": "files", "path": "x", "hosts": ["h:1"]},
        {"dialect": "endpoints"},
        {"dialect": "endpoints", "hosts": "h:1"},
        {"dialect": "endpoints", "hosts": ["h"]},
        {"dialect": "endpoints", "hosts": ["h:0"]},
        {"dialect": "endpoints", "hosts": ["u@h:1"]},
        {"dialect": "endpoints", "hosts": ["h:1"], "path": "x"},
    ],
)
def test_a_folder_or_a_list_of_doors_that_says_too_little_or_too_much_is_refused(
    tmp_path: Path, row: dict[str, Any]
) -> None:
    with pytest.raises(SourcesFileError):
        sources.load(write(tmp_path, [{"name": "n", "organisation_code": CODE, **row}]))


def test_the_zone_of_a_source_reaches_its_moves(tmp_path: Path) -> None:
    found = sources.load(write(tmp_path, [{**POSTGRES, "zone": "Asia/Urumqi"}]))["civil-affairs"]
    assert sources.from_row(json.loads(json.dumps(sources.as_row(found)))) == found
    assert found.zone == "Asia/Urumqi"


def test_a_missing_file_means_no_source(tmp_path: Path) -> None:
    assert sources.load(tmp_path / "none.json") == {}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o610])
def test_a_file_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SourcesExposedError) as caught:
        sources.load(write(tmp_path, [SQLITE], mode))
    assert caught.value.fields["found"] == f"{mode:04o}"


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "sources.json").mkdir(mode=0o700)
    with pytest.raises(SourcesFileError) as caught:
        sources.load(tmp_path / "sources.json")
    assert caught.value.fields["reason"] == "not a file"


@pytest.mark.parametrize(
    ("content", "sign"),
    [
        ("{", "not JSON"),
        ({"name": "x"}, "not a list"),
        (["x"], "row 1: not an object"),
        ([{**SQLITE, "pasword": "x"}], "unknown field pasword"),
        ([{"name": "x", "dialect": "sqlite"}], "organisation_code is missing"),
        ([{**SQLITE, "path": 3}], "dsn, path, zone, driver and speaks are texts"),
        ([{**POSTGRES, "schemas": "public"}], "schemas is a list"),
        ([{**POSTGRES, "schemas": [1]}], "schemas is a list"),
        ([{**POSTGRES, "writes": "public"}], "writes is a list"),
        ([{**SQLITE, "writes": ["main"]}], "can be written to"),
        ([{**MYSQL, "writes": ["other"]}], "the database of its dsn"),
        ([{**POSTGRES, "zone": 8}], "speaks are texts"),
        ([{**POSTGRES, "zone": "+08:00"}], "zone is a name"),
        ([{**SQLITE, "name": "../x"}], "name is"),
        ([{**SQLITE, "name": "x\n"}], "name is"),
        ([{**SQLITE, "organisation_code": "../../etc"}], "organisation_code is"),
        ([{**SQLITE, "dialect": "db2"}], "dialect is one of"),
        ([{**SQLITE, "path": ""}], "sqlite takes a path"),
        ([{**SQLITE, "dsn": "x"}], "sqlite takes a path"),
        ([{**POSTGRES, "path": "x"}], "takes a dsn and no path"),
        ([{**POSTGRES, "dsn": "mysql://u:p@h/d"}], "dsn is postgresql://"),
        ([{**POSTGRES, "dsn": "postgresql://u:p@h"}], "dsn is postgresql://"),
        ([{**POSTGRES, "dsn": "postgresql://u:p@h:0/d"}], "dsn is postgresql://"),
        ([{**POSTGRES, "dsn": "postgresql://u:p@h:99999/d"}], "dsn is no address"),
        ([{**POSTGRES, "driver": "FreeTDS"}], "driver is the name"),
        ([{**ODBC, "driver": "x;Server=h"}], "driver is the name"),
        ([{**ODBC, "speaks": "db2"}], "speaks is one of"),
        ([{**ODBC, "writes": ["house"]}], "can be written to"),
        ([{**ODBC, "dialect": "mssql"}], "speaks belongs to odbc"),
        ([{**ODBC, "dsn": "odbc://u:p@h"}], "dsn is odbc://"),
        ([SQLITE, SQLITE], "row 2: the name school is taken"),
    ],
)
def test_a_wrong_configuration_says_where(tmp_path: Path, content: Any, sign: str) -> None:
    with pytest.raises(SourcesFileError) as caught:
        sources.load(write(tmp_path, content))
    assert sign in caught.value.fields["reason"]


def test_no_message_and_no_repr_shows_a_password(tmp_path: Path) -> None:
    with pytest.raises(SourcesFileError) as caught:
        sources.load(write(tmp_path, [{**POSTGRES, "dsn": "mysql://u:hunter2@h/d"}]))
    assert "hunter2" not in str(caught.value)
    assert "cret" not in repr(sources.load(write(tmp_path, [POSTGRES])))


def test_picking_an_unknown_source_lists_the_known(tmp_path: Path) -> None:
    found = sources.load(write(tmp_path, [SQLITE]))
    assert sources.pick(found, "school").dialect == "sqlite"
    with pytest.raises(SourceUnknownError) as caught:
        sources.pick(found, "tax")
    assert caught.value.fields["configured"] == "school"


def test_a_source_that_is_no_file_has_none() -> None:
    with pytest.raises(ValueError, match="not a file"):
        _ = sources.SourceConfig("a", "mysql", CODE).file
