"""`jutong errors`: what an error code means, and the table of all of them that docs/errors.md holds."""

from __future__ import annotations

import importlib
import inspect
import logging
import os
import pkgutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click

import jutong
from jutong.cli.text import language
from jutong.kernel.errors import JutongError, NotFoundError, kinds

HEAD = "| code | HTTP | when | message | next step |\n|---|---|---|---|---|"


def known() -> dict[str, type[JutongError]]:
    """Return every error kind of the platform by code, after importing everything that may define one."""
    for module in pkgutil.walk_packages(jutong.__path__, "jutong."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {code: kind for code, kind in kinds().items() if kind.__module__.startswith("jutong.")}


def table(found: Iterable[type[JutongError]]) -> str:
    """Return the markdown table of error kinds."""
    return "\n".join([HEAD, *(_row(kind) for kind in found)])


def _row(kind: type[JutongError]) -> str:
    when = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    cells = (f"`{kind.code}`", str(kind.http_status), when, kind.message, kind.next_step)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


@click.command()
@click.argument("code", required=False)
@click.option("--markdown", is_flag=True, help="docs/errors.md 的表 · the table of docs/errors.md")
def errors(*, code: str | None, markdown: bool) -> None:
    """解释错误代码 · say what error codes mean; all of them without CODE, or those that begin with it."""
    with _quiet():
        found = [kind for name, kind in known().items() if name.startswith(code or "")]
    if not found:
        raise NotFoundError(what=code)
    if markdown:
        click.echo(table(found))
        return
    spoken = language()
    for kind in found:
        blank = kind.__new__(kind)
        blank.fields = {}
        click.echo(f"{kind.code}  HTTP {kind.http_status}\n    {blank.explain(spoken)}\n    {blank.advise(spoken)}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Set up Django and import without a word in the log; what is imported here does no work."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jutong.center.conf")
        import django

        django.setup()
        yield
    finally:
        logging.disable(before)
