"""`jutong settings` and `jutong version`."""

from __future__ import annotations

import platform

import click

import jutong
from jutong.kernel import settings as jutong_settings


@click.command()
def settings() -> None:
    """列出全部设置 · list every setting: variable, type, default, meaning and the value in force."""
    found = jutong_settings.load()
    for variable, kind, default, meaning in jutong_settings.describe():
        name = variable.removeprefix(jutong_settings.PREFIX).lower()
        value = str(getattr(found, name))
        shown = "********" if value and _is_secret(name) else value
        click.echo(f"{variable}  ({kind}, default {default!r})\n    {meaning}\n    = {shown!r}")


@click.command()
def version() -> None:
    """显示版本 · print the version."""
    click.echo(f"jutong {jutong.__version__} (Python {platform.python_version()})")


def _is_secret(name: str) -> bool:
    return "secret" in name or "password" in name or name == "database_url"
