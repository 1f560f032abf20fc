"""`jutong clocks`: the periods the law's clocks run by, and a locality's own."""

from __future__ import annotations

from typing import TextIO

import click

from jutong.cli.center import center
from jutong.cli.text import columns, say
from jutong.kernel.clock import civil_date, utc_now
from jutong.kernel.i18n import gettext_noop
from jutong.standards.local_rules import parse_rules

LOADED = gettext_noop("已装入《{title}》（{document}）第{version}版，{effective_from}起施行，共{count}个期限。")


@click.group()
def clocks() -> None:
    """期限 · the law's periods."""


@clocks.group()
def rules() -> None:
    """期限规则 · rule sets: the law's periods and a locality's own, stricter ones."""


@rules.command()
@click.argument("file", type=click.File(encoding="utf-8"))
def load(file: TextIO) -> None:
    """装入地方的期限规则 · load a division's own periods from a JSON file; one looser than the law is refused."""
    found = parse_rules(file.read())
    with center() as by:
        from jutong.center.clocks.local import load_rules

        made = load_rules(rules=found, by=by, now=utc_now())
    say(
        LOADED, title=made.title, document=made.document, version=made.version, effective_from=made.effective_from,
        count=len(found.periods),
    )  # fmt: skip


@rules.command(name="list")
@click.option("--division", default="", help="行政区划代码 · the division whose periods are shown")
def list_(division: str) -> None:
    """列出今天适用的期限 · list the periods in force today, and the rule sets that were loaded."""
    today = civil_date(utc_now())
    with center() as by:
        from jutong.center.clocks.rules import Rules, rule_sets

        sets = [(row.division_code, row.version, row.effective_from, row.title, row.document) for row in rule_sets(by)]
        rows = [
            (row.law.id, row.period.length, row.period.unit, row.period.extension_cap, row.law.name, row.clause)
            for row in Rules(today).periods(division)
        ]
    for line in (*columns(rows), *columns(sets)):
        click.echo(line)
