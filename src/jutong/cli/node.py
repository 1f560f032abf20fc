"""`jutong node`: what this node stands beside, what is in it, and which moves it was ordered to make."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from jutong.cli.text import columns, say, sentence
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel import settings as jutong_settings
from jutong.kernel.clock import BEIJING
from jutong.kernel.i18n import gettext_noop

MOST_JOBS = 50
STATES = {
    "running": gettext_noop("正在搬运"),
    "done": gettext_noop("已完成并核对"),
    "failed": gettext_noop("失败"),
}


@click.group()
def node() -> None:
    """前置节点 · manage this node."""


@node.group()
def sources() -> None:
    """数据源 · the databases this node stands beside."""


def _home() -> Path:
    return jutong_settings.load().home


@sources.command("list")
def list_sources() -> None:
    """列出已配置的数据源 · list what is configured; no address and no password is shown."""
    from jutong.node import sources as configured

    found = configured.load(_home() / configured.FILE)
    if not found:
        say(gettext_noop("还没有配置数据源：{path}"), path=_home() / configured.FILE)
        return
    for line in columns((one.name, one.dialect, one.organisation_code) for one in found.values()):
        click.echo(line)


@sources.command("check")
@click.argument("name", required=False)
def check_sources(name: str | None) -> None:
    """试连数据源 · sign in at one source or all; ends with 1 when one does not answer."""
    from jutong.node import sources as configured

    found = configured.load(_home() / configured.FILE)
    chosen = found.values() if name is None else [configured.pick(found, name)]
    problems = 0
    for source in chosen:
        problem = configured.check(source)
        problems += bool(problem)
        good = sentence(gettext_noop("连接正常"))
        click.echo(f"{'✗' if problem else '✓'} {source.name}  {problem or good}")
    if problems:
        sys.exit(1)


@node.command()
@click.argument("name")
@click.option("--columns", "with_columns", is_flag=True, help="连同字段 · with columns")
def inventory(name: str, *, with_columns: bool) -> None:
    """列出数据源里的表 · list the tables of a source; no row is read."""
    from jutong.node import sources as configured
    from jutong.node.connectors.introspect import inventory as look

    source = configured.pick(configured.load(_home() / configured.FILE), name)
    tables = look(source)
    say(gettext_noop("{count} 张表或视图"), count=len(tables))
    rows = [
        (f"{table.schema_name}.{table.name}", _rows(table.row_estimate), len(table.columns), table.comment)
        for table in tables
    ]
    for table, line in zip(tables, columns(rows), strict=True):
        click.echo(line)
        if with_columns:
            described = ((f"    {c.name}", c.type, "key" if c.key else "", c.comment) for c in table.columns)
            for column in columns(described):
                click.echo(column)


def _rows(estimate: int) -> str:
    return "?" if estimate < 0 else f"~{estimate}"


@node.command()
def jobs() -> None:
    """列出搬运任务 · the newest moves this node was ordered to make."""
    from jutong.node.exchange.jobs import all_jobs

    found = all_jobs(_home())
    if not found:
        say(gettext_noop("这个节点还没有搬运任务。"))
        return
    rows = []
    for folder in found[:MOST_JOBS]:
        receipt = folder.result() or folder.progress()
        state = sentence(STATES[receipt.state])
        rows.append((folder.job_id, state, _time(receipt), receipt.rows_read, receipt.rows_written, receipt.problem))
    for line in columns(rows):
        click.echo(line)
    if len(found) > MOST_JOBS:
        say(gettext_noop("另有 {count} 个更早的任务。"), count=len(found) - MOST_JOBS)


def _time(receipt: MovedReceipt) -> str:
    stamp = receipt.finished_ms or receipt.started_ms
    return datetime.fromtimestamp(stamp / 1000, BEIJING).strftime("%Y-%m-%d %H:%M:%S") if stamp else "-"
