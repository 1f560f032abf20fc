"""The doors a node may be sent to: only those on its operator's list, whatever DNS says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from jutong.cli.node import node
from jutong.node import sources
from jutong.node.connecting import hosts
from jutong.node.connecting.errors import DoorNotAllowedError, HostsFileError, NameUnresolvedError, SourceTakenError
from jutong.node.connecting.keeping import keep
from jutong.node.connecting.trial import Door
from jutong.node.connectors.errors import SourcesExposedError, SourcesFileError

ALLOWED = ["10.1.2.0/24:5432", "db.civil.gov.cn:3306", "127.0.0.1:5432", "[fd00::/64]:*", "any.example:*"]
DNS = {
    "db.civil.gov.cn": ["192.168.7.7"],
    "inside.example": ["10.1.2.9"],
    "outside.example": ["10.9.9.9"],
    "mixed.example": ["10.9.9.9", "10.1.2.10"],
    "any.example": ["127.0.0.1"],
    "civil.gov.cn": ["192.168.7.7"],
    "xdb.civil.gov.cn": ["192.168.7.7"],
    "mapped.example": ["::ffff:10.1.2.11"],
}


def resolver(host: str, _: int) -> list[str]:
    if host not in DNS:
        raise OSError
    return DNS[host]


def found(host: str, port: int, allowed: list[str] | None = None) -> str:
    return hosts.address_of(host, port, ALLOWED if allowed is None else allowed, resolver)


def test_what_the_list_allows_is_the_address_connected_to() -> None:
    assert found("10.1.2.200", 5432) == "10.1.2.200"
    assert found("DB.civil.gov.cn.", 3306) == "192.168.7.7"
    assert found("inside.example", 5432) == "10.1.2.9"
    assert found("mixed.example", 5432) == "10.1.2.10"
    assert found("mapped.example", 5432) == "10.1.2.11"
    assert found("127.0.0.1", 5432) == "127.0.0.1"
    assert found("[FD00::5]", 1) == found("fd00::5", 9_999) == "fd00::5"


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("10.1.2.200", 5433), ("10.1.3.1", 5432), ("127.0.0.1", 3306), ("::1", 5432), ("0.0.0.0", 5432),  # noqa: S104
        ("outside.example", 5432), ("db.civil.gov.cn", 5432), ("civil.gov.cn", 3306), ("xdb.civil.gov.cn", 3306),
        # A name on the list that leads back to this machine, and other spellings of an address.
        ("any.example", 3306), ("2130706433", 5432), ("0x7f000001", 5432), ("127.1", 5432), ("0177.0.0.1", 5432),
        ("169.254.169.254", 80), ("::ffff:127.0.0.1", 3306), ("fe80::1%lo", 5432), ("224.0.0.1", 5432),
        # What a driver would take for something else than one host.
        ("10.1.2.1,10.9.9.9", 5432), ("/var/run/postgresql", 5432), ("%2Fvar%2Frun", 5432), ("a b", 5432), ("", 5432),
        ("10.1.2.1?host=10.9.9.9", 5432), ("user@10.1.2.1", 5432), ("10.1.2.1:5432/x", 5432),
    ],
)  # fmt: skip
def test_everything_else_is_refused(host: str, port: int) -> None:
    with pytest.raises(DoorNotAllowedError):
        found(host, port)
    with pytest.raises(DoorNotAllowedError):
        hosts.address_of(host, port, [], lambda *_: pytest.fail("a name was looked up for nothing"))
    with pytest.raises(NameUnresolvedError):
        found("unknown.example", 5432)


def test_no_list_can_allow_the_link_and_the_metadata_service() -> None:
    everything = ["0.0.0.0/0:*", "::/0:*"]
    assert found("10.9.9.9", 1, everything) == "10.9.9.9"
    for host in ("169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "240.0.0.1", "::"):  # noqa: S104
        with pytest.raises(DoorNotAllowedError):
            found(host, 80, everything)


def test_a_name_that_means_another_machine_later_leads_to_the_checked_one() -> None:
    """Rebinding: the name is looked up once, and what is kept leads to what was found then."""
    asked: list[str] = []

    def rebinding(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["10.1.2.9"] if len(asked) == 1 else ["127.0.0.1"]

    address = hosts.address_of("inside.example", 5432, ALLOWED, rebinding)
    assert (address, asked) == ("10.1.2.9", ["inside.example"])
    door = Door("postgresql", "inside.example", 5432, address, "d", "u", "p")
    assert door.dsn == "postgresql://u:p@inside.example:5432/d?hostaddr=10.1.2.9"
    assert Door("mysql", "inside.example", 3306, address, "d", "u", "p").dsn == "mysql://u:p@10.1.2.9:3306/d"
    assert "secret" not in repr(Door("mysql", "h", 1, address, "d", "u", "secret"))


def test_what_is_typed_stays_one_part_of_the_address() -> None:
    nasty = "a@b:c/d?e=f&host=x#%20 '"
    door = Door("postgresql", "h", 5432, "10.1.2.9", nasty, nasty, nasty)
    assert door.dsn.count("@") == 1
    assert door.dsn.endswith("@h:5432/a%40b%3Ac%2Fd%3Fe%3Df%26host%3Dx%23%2520%20%27?hostaddr=10.1.2.9")
    mysql = sources.SourceConfig("n", "mysql", "X", dsn=Door("mysql", "h", 3306, "fd00::5", nasty, nasty, nasty).dsn)
    options = mysql.mysql_options()
    assert (options["host"], options["port"]) == ("fd00::5", 3306)
    assert {options["user"], options["password"], options["database"]} == {nasty}


def test_the_operator_keeps_the_list_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path))
    path = tmp_path / hosts.FILE
    assert hosts.load(path) == []

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(node, ["hosts", *arguments])
        return done.exit_code, done.output

    assert run("allow", "DB.civil.gov.cn:3306")[0] == run("allow", "10.0.0.0/8:*")[0] == 0
    assert hosts.load(path) == ["10.0.0.0/8:*", "db.civil.gov.cn:3306"]
    assert path.stat().st_mode & 0o777 == 0o600
    for wrong in ("db", "db:", "db:0", "db:65536", "db:x", "10.0.0.1/8:1", "a_b:1", "127.1:1", ":1", "a,b:1", "*:1"):
        assert run("allow", wrong)[0] == 2, wrong
    assert run("remove", "10.0.0.0/8:*")[0] == 0
    assert run("remove", "10.0.0.0/8:*")[0] == 2
    assert run("list") == (0, "db.civil.gov.cn:3306\n")
    for content in ("{", "{}", "[1]", '["nonsense"]'):
        path.write_text(content)
        with pytest.raises(HostsFileError):
            hosts.load(path)


ROW = {"name": "civil", "dialect": "postgresql", "organisation_code": "X", "dsn": "postgresql://u:p@h:1/d"}


def test_a_source_is_added_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "node" / "sources.json"
    assert keep(path, ROW).name == "civil"
    assert path.stat().st_mode & 0o777 == 0o600
    keep(path, {**ROW, "name": "housing", "schemas": ["a"], "writes": ["a"], "zone": "Asia/Shanghai"})
    assert list(sources.load(path)) == ["civil", "housing"]
    before = path.read_bytes()
    with pytest.raises(SourceTakenError):
        keep(path, ROW)
    with pytest.raises(SourcesFileError):
        keep(path, {**ROW, "name": "third", "dsn": "http://h"})
    assert path.read_bytes() == before
    assert sorted(one.name for one in path.parent.iterdir()) == ["sources.json", "sources.json.lock"]
    path.chmod(0o644)
    with pytest.raises(SourcesExposedError):
        keep(path, {**ROW, "name": "fourth"})
    assert json.loads(path.read_bytes()) == json.loads(before)
