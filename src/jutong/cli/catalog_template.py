"""`jutong catalog template`: editions of the compilation template, shipped and loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from jutong.cli.center import center
from jutong.cli.text import columns, say, sentence
from jutong.kernel.clock import civil_date, utc_now
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.template import SHIPPED
from jutong.standards.template_document import shipped_document

LOADED = gettext_noop("模板{key}已装入：{title}，{scope}，自{day}起执行，共{fields}个字段，其中扩展{extensions}个。")
EVERYWHERE = gettext_noop("适用于全部区划")
WITHIN = gettext_noop("适用于区划{code}")
LARGEST = 4 * 1024 * 1024


class TemplateFileError(JutongError):
    """The file is no JSON document."""

    code = "cli.template.unreadable"
    http_status = 422
    message = gettext_noop("文件{name}不是可读的JSON：{reason}。")
    next_step = gettext_noop("请改成UTF-8编码的JSON文件，或写随平台提供的模板名。")


@click.group()
def template() -> None:
    """编制模板 · editions of the template by which entries are compiled."""


@template.command()
@click.argument("source")
@click.option("--division", default=None, help="适用的区划代码 · six digits of the division it binds")
@click.option("--from", "day", default=None, help="开始执行的日期 · YYYY-MM-DD from which it holds")
def load(source: str, division: str | None, day: str | None) -> None:
    """装入模板 · load an edition from a JSON file, or a shipped one by its name.

    For example: jutong catalog template load province-2025 --division 620000
    """
    document = shipped_document(source) if source in SHIPPED else _read(Path(source))
    given = {"division": division, "effective_from": day}
    if isinstance(document, dict):
        document = {**document, **{name: value for name, value in given.items() if value is not None}}
    with center() as by:
        from jutong.center.catalog.template import load_template

        found = load_template(document=document, by=by, now=utc_now())
    scope = WITHIN if found.division else EVERYWHERE
    say(
        LOADED,
        key=found.key,
        title=found.title,
        scope=sentence(scope, code=found.division),
        day=found.effective_from.isoformat(),
        fields=len(found.fields),
        extensions=len(found.extensions),
    )


@template.command("list")
@click.option("--division", default="", help="看哪个区划在用 · whose edition in force is marked")
def list_(division: str) -> None:
    """列出模板 · list the editions; the one in force is marked."""
    with center() as by:
        from jutong.center.catalog.template import edition_in_force, editions

        today = civil_date(utc_now())
        current = edition_in_force(today, division).key
        rows = [
            (
                "*" if row.edition.key == current else "",
                row.edition.key,
                row.edition.division or "-",
                row.edition.effective_from.isoformat(),
                row.edition.base or "-",
                row.edition.title,
            )
            for row in editions(by, today)
        ]
    for line in columns(rows):
        click.echo(line)


def _read(path: Path) -> Any:
    """Return the JSON of a file.

    Raises:
        TemplateFileError: if it cannot be read, is too large or no JSON.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise TemplateFileError(name=path.name, reason=f"> {LARGEST} B")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise TemplateFileError(name=path.name, reason=str(error)[:200]) from error
