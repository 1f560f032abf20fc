"""`jutong settings` and `jutong version`."""

from __future__ import annotations

import platform

import click

import jutong
from jutong.kernel import settings as jutong_settings


@click.command()
@click.option("--markdown", is_flag=True, help="手册里的表 · the table of the operator's page")
def settings(*, markdown: bool) -> None:
    """列出全部设置 · list every setting: variable, type, default, meaning and the value in force."""
    if markdown:
        click.echo(settings_table())
        return
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


def settings_table() -> str:
    """Return every setting as the table that stands in ``docs/operator.md``."""
    lines = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    for variable, kind, default, meaning in jutong_settings.describe():
        shown = f"`{default}`" if default else "empty"
        lines.append(f"| `{variable}` | {kind.lower()} | {shown} | {' '.join(meaning.split())} |")
    return "\n".join(lines)


def _is_secret(name: str) -> bool:
    return "secret" in name or "password" in name or name == "database_url"
