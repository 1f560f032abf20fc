from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from jutong.kernel import settings
from jutong.kernel.settings import SettingError, Settings, load


def test_defaults_need_no_environment():
    found = load({})
    assert found.port == 8300
    assert found.gateway_port == 8301
    assert found.role == "all"
    assert found.home == Path.cwd() / ".jutong"
    assert found.center_base == "http://127.0.0.1:8300"
    assert found.gateway_base == "http://127.0.0.1:8301"


def test_values_come_from_the_environment(tmp_path):
    found = load(
        {
            "JUTONG_HOME": str(tmp_path),
            "JUTONG_PORT": "9000",
            "JUTONG_DEMO": "Yes",
            "JUTONG_SECURE_COOKIES": "off",
            "JUTONG_ROLE": "node",
            "JUTONG_CENTER_URL": "https://center.example/",
            "JUTONG_GATEWAY_URL": "https://gateway.example/",
            "JUTONG_CITY": "",
            "PATH": "/bin",
            "JUTONG_TEST_DATABASE": "kept by the tests",
        }
    )
    assert found.path("keys", "node.key") == tmp_path / "keys" / "node.key"
    assert (found.port, found.demo, found.secure_cookies, found.role) == (9000, True, False, "node")
    assert found.center_base == "https://center.example"
    assert found.gateway_base == "https://gateway.example"
    assert found.city == "金河市"


def test_a_home_below_the_working_folder_becomes_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load({"JUTONG_HOME": "here", "JUTONG_PORT": "9000"}).home == tmp_path / "here"
    assert load({"JUTONG_HOME": "here", "JUTONG_PORT": "9000"}).port == 9000


def test_the_users_own_folder_is_understood(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load({"JUTONG_HOME": "~/jutong"}).home == tmp_path / "jutong"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("JUTONG_PORT", "0", "1-65534"),
        ("JUTONG_PORT", "65535", "1-65534"),
        ("JUTONG_PORT", "-1", "1-65534"),
        ("JUTONG_PORT", "八三〇〇", "1-65534"),
        ("JUTONG_PORT", "8²", "1-65534"),
        ("JUTONG_DEMO", "maybe", "1/0, true/false, yes/no, on/off"),
        ("JUTONG_ROLE", "boss", "all、center、node"),
        ("JUTONG_LANGUAGE", "fr", "zh-hans、en"),
        ("JUTONG_LOG_LEVEL", "loud", "debug、info、warning、error"),
    ],
)
def test_a_wrong_value_is_told_where_what_and_what_is_allowed(name, value, allowed):
    with pytest.raises(SettingError) as caught:
        load({name: value})
    assert caught.value.fields == {"name": name, "found": value, "allowed": allowed}
    assert name in caught.value.advise()


def test_a_mistyped_name_is_refused():
    with pytest.raises(SettingError) as caught:
        load({"JUTONG_PROT": "9000"})
    assert caught.value.fields["name"] == "JUTONG_PROT"
    assert "JUTONG_PORT" in caught.value.fields["allowed"]


def test_the_real_environment_is_read_when_none_is_given(monkeypatch, tmp_path):
    for field in fields(Settings):
        monkeypatch.delenv(settings.PREFIX + field.name.upper(), raising=False)
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path))
    assert load() == Settings(home=tmp_path)


def test_every_setting_documents_itself():
    rows = settings.describe()
    assert [row[0] for row in rows] == [f"JUTONG_{field.name.upper()}" for field in fields(Settings)]
    assert all(kind and note for _, kind, _, note in rows)
    assert rows[1][:3] == ("JUTONG_PORT", "int", "8300")
