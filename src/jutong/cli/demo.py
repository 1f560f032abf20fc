"""`jutong demo`: what there is to try in the invented city."""

from __future__ import annotations

import click

from jutong.cli.text import columns, say
from jutong.kernel.i18n import gettext_noop

INVENTED = gettext_noop("以下人物均为虚构，只在载入了演示城市（jutong up --demo）的平台上存在。")
FAMILY = gettext_noop("已知的入学家庭：孩子{child}（{child_number}），父亲{father}（{father_number}），住{address}")


@click.group()
def demo() -> None:
    """演示城市 · what there is to try in the demo city."""


@demo.command("accounts")
def accounts_command() -> None:
    """演示账号 · an account of every role, with its password."""
    from jutong.demo.load import accounts

    say(INVENTED)
    for line in columns(accounts()):
        click.echo(f"  {line}")


@demo.command("family")
def family_command() -> None:
    """已知的家庭 · a family whose truth is known, to call the gateway with."""
    from jutong.demo.cases import SCHOOL_FAMILY

    say(INVENTED)
    say(
        FAMILY,
        child=SCHOOL_FAMILY.child.name,
        child_number=SCHOOL_FAMILY.child.number,
        father=SCHOOL_FAMILY.father.name,
        father_number=SCHOOL_FAMILY.father.number,
        address=SCHOOL_FAMILY.household.address.text,
    )
