"""`jutong user`: accounts and posts from the command line, for the first administrators and for emergencies."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from jutong.cli.center import center
from jutong.cli.text import columns, say
from jutong.kernel.clock import utc_now
from jutong.kernel.i18n import gettext_noop

if TYPE_CHECKING:
    from jutong.center.org.models import Post

ROLES = (
    "requester",
    "steward",
    "office-head",
    "department-head",
    "authority",
    "system-admin",
    "security-admin",
    "auditor",
    "leader",
)
"""The values of ``org.enums.Role``; a test holds the two together, so that --help needs no Django."""
CREATED = gettext_noop("已创建用户{username}（{name}）。首次登录须修改密码；任命岗位后才能办理事项。")
APPOINTED = gettext_noop("已任命{name}为{organisation}的{role}。")
RESET = gettext_noop("已重置{username}的密码，原有会话和令牌都已失效；下次登录须修改密码。")


def read_password(*, from_stdin: bool) -> str:
    """Return a password from a prompt, or the first line of standard input; never from the command line."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = click.prompt("密码 · password", hide_input=True, confirmation_prompt=True)
    return answer


_PASSWORD_STDIN = click.option("--password-stdin", is_flag=True, help="从标准输入读密码 · read it from standard input")


@click.group()
def user() -> None:
    """用户与岗位 · accounts and posts."""


@user.command()
@click.argument("username")
@click.argument("name")
@_PASSWORD_STDIN
def create(username: str, name: str, *, password_stdin: bool) -> None:
    """创建用户 · create an account."""
    password = read_password(from_stdin=password_stdin)
    with center() as by:
        from jutong.center.org import actions

        made = actions.create_user(username=username, name=name, password=password, by=by, now=utc_now())
        say(CREATED, username=made.username, name=made.name)


@user.command()
@click.argument("username")
@click.argument("organisation_code")
@click.argument("role", type=click.Choice(ROLES))
def appoint(username: str, organisation_code: str, role: str) -> None:
    """任命岗位 · appoint a person to a post of an organisation."""
    with center() as by:
        from jutong.center.org import actions, queries

        person = queries.user(by, username)
        organisation = queries.organisation(by, organisation_code)
        post = actions.appoint(user=person, organisation=organisation, role=role, by=by, now=utc_now())
        say(APPOINTED, name=person.name, organisation=organisation.name, role=post.get_role_display())


@user.command("reset-password")
@click.argument("username")
@_PASSWORD_STDIN
def reset_password(username: str, *, password_stdin: bool) -> None:
    """重置密码 · give a new first password."""
    password = read_password(from_stdin=password_stdin)
    with center() as by:
        from jutong.center.org import actions, queries

        person = queries.user(by, username)
        actions.reset_password(user=person, password=password, by=by, now=utc_now())
        say(RESET, username=username)


@user.command("list")
def list_users() -> None:
    """列出用户 · list accounts with their posts."""
    with center() as by:
        from jutong.center.org import queries

        rows = [
            (row.username, row.name, "" if row.is_active else "×", "、".join(map(_post, row.open_posts)))  # type: ignore[attr-defined]  # set by the query
            for row in queries.users(by)
        ]
    for line in columns(rows):
        click.echo(line)


def _post(post: Post) -> str:
    return f"{post.organisation.short_name} {post.get_role_display()}"
