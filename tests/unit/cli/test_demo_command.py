from __future__ import annotations

from click.testing import CliRunner

from jutong.cli.main import jutong
from jutong.demo.cases import SCHOOL_FAMILY
from jutong.demo.load import password_of


def test_accounts_shows_somebody_of_every_role_and_that_all_are_invented():
    told = CliRunner().invoke(jutong, ["demo", "accounts"])
    assert told.exit_code == 0
    assert "虚构" in told.output
    assert all(name in told.output for name in ("wusiyuan", "zhouqiang", "linyue", "guyan", password_of("wusiyuan")))


def test_family_shows_whom_to_ask_about():
    told = CliRunner().invoke(jutong, ["demo", "family"])
    assert told.exit_code == 0
    assert SCHOOL_FAMILY.child.number in told.output
