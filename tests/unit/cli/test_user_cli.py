from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from jutong.center.audit.models import AuditEvent
from jutong.center.org.enums import Role
from jutong.center.org.models import User
from jutong.cli.user import ROLES, user
from jutong.kernel.errors import InvalidInputError, NotFoundError
from tests.center_world import City, build

GOOD = "first-Password-1"


@pytest.fixture
def city(db, settings, tmp_path, monkeypatch) -> City:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path / "home"))
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return build()


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(user, list(arguments), input=typed)


def test_the_roles_offered_are_the_roles_there_are():
    assert tuple(Role.values) == ROLES


def test_an_account_is_created_appointed_and_listed(city: City):
    done = run("create", "newone", "新人", typed=f"{GOOD}\n{GOOD}\n")
    assert done.exit_code == 0, done.output
    assert GOOD not in done.output
    assert User.objects.get(username="newone").check_password(GOOD)
    done = run("appoint", "newone", city.civil.code, "steward")
    assert "已任命新人为金河市民政局的数据专员" in done.output
    lines = run("list").output.splitlines()
    assert any("newone" in line and "市民政局 数据专员" in line for line in lines)
    event = AuditEvent.objects.filter(event="org:post:appoint").latest("id")
    assert event.actor_name.startswith("命令行：")


def test_a_password_may_come_from_standard_input(city: City):
    assert run("create", "newone", "新人", "--password-stdin", typed=f"{GOOD}\n").exit_code == 0
    done = run("reset-password", "newone", "--password-stdin", typed="second-Password-2\n")
    assert "已重置newone的密码" in done.output
    made = User.objects.get(username="newone")
    assert made.check_password("second-Password-2")
    assert made.must_change_password


def test_a_locked_account_is_marked_in_the_list(city: City):
    User.objects.filter(username="steward").update(is_active=False)
    line = next(line for line in run("list").output.splitlines() if line.startswith("steward"))
    assert "×" in line


def test_errors_keep_their_names(city: City):
    assert isinstance(run("create", "newone", "新人", "--password-stdin", typed="x\n").exception, InvalidInputError)
    assert isinstance(run("appoint", "nobody", city.civil.code, "steward").exception, NotFoundError)
    assert run("appoint", "steward", city.civil.code, "emperor").exit_code == 2
