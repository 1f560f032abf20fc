"""`jutong node`: what this node stands beside, what is in it, and which moves it was ordered to make."""

from __future__ import annotations

import re
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
CALLER = re.compile(r"[a-z][a-z0-9-]{0,39}")
"""Names of keys; each is a file's name too."""
STATES = {
    "running": gettext_noop("正在搬运"),
    "waiting": gettext_noop("等待中，会自动继续"),
    "paused": gettext_noop("已暂停"),
    "cancelled": gettext_noop("已取消"),
    "done": gettext_noop("已完成并核对"),
    "failed": gettext_noop("失败"),
}
TRIED = gettext_noop("试运行完成，没有写入")


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


@node.group()
def hosts() -> None:
    """放行名单 · the doors at which people may connect databases to this node; without a list there is none."""


@hosts.command("list")
def list_hosts() -> None:
    """列出放行的主机 · list the doors allowed."""
    from jutong.node.connecting import hosts as doors

    found = doors.load(_home() / doors.FILE)
    if not found:
        say(gettext_noop("还没有放行任何主机，谁也不能在页面上连接数据库。"))
    for entry in found:
        click.echo(entry)


@hosts.command("allow")
@click.argument("door", metavar="HOST:PORT")
def allow_host(door: str) -> None:
    """放行一处 · allow a name, an address or a network, with a port or `*`."""
    from jutong.node.connecting import hosts as doors

    try:
        doors.parse(door)
    except ValueError as error:
        raise click.BadParameter(door, param_hint="HOST:PORT") from error
    path = _home() / doors.FILE
    doors.save(path, [*doors.load(path), door.lower()])
    say(gettext_noop("已放行 {door}。"), door=door.lower())


@hosts.command("remove")
@click.argument("door", metavar="HOST:PORT")
def remove_host(door: str) -> None:
    """不再放行一处 · take a door off the list; sources connected before stay."""
    from jutong.node.connecting import hosts as doors

    path = _home() / doors.FILE
    found = doors.load(path)
    if door.lower() not in found:
        raise click.BadParameter(door, param_hint="HOST:PORT")
    doors.save(path, [one for one in found if one != door.lower()])
    say(gettext_noop("不再放行 {door}。"), door=door.lower())


@node.command("caller-key")
@click.argument("name")
def caller_key(name: str) -> None:
    """生成签名私钥 · make the key this node calls another node with, once, and show its public side."""
    from jutong.kernel.keys import load_or_create_signer

    if not CALLER.fullmatch(name):
        raise click.BadParameter(name, param_hint="NAME")
    path = _home() / "node" / f"{name}.key"
    signer = load_or_create_signer(path, name)
    say(gettext_noop("私钥：{path}（只有本人可读，请勿外传）"), path=path)
    say(gettext_noop("登记到对方平台的密钥编号：{key_id}"), key_id=signer.key_id)
    say(gettext_noop("登记到对方平台的公钥：{public}"), public=signer.public_b64)


@node.group()
def weights() -> None:
    """部门权重 · how many places for moves departments get, beside each other; 1 where nothing is said."""


@weights.command("list")
def list_weights() -> None:
    """列出权重 · list the departments that count for more than one."""
    from jutong.node.agent import places

    for line in columns(places.load_weights(_home() / places.WEIGHTS).items()):
        click.echo(line)


@weights.command("set")
@click.argument("organisation_code")
@click.argument("weight", type=click.IntRange(1, 100))
def set_weight(organisation_code: str, weight: int) -> None:
    """设定权重 · let a department count for so many; counts from the next place that is given."""
    from jutong.node.agent import places

    path = _home() / places.WEIGHTS
    kept = {**places.load_weights(path), organisation_code: weight}
    places.save_weights(path, {code: one for code, one in kept.items() if one > 1})
    say(gettext_noop("部门 {code} 的权重是 {weight}。"), code=organisation_code, weight=weight)


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
        state = sentence(TRIED if receipt.dry else STATES[receipt.state])
        rows.append((folder.job_id, state, _time(receipt), receipt.rows_read, receipt.rows_written, receipt.problem))
    for line in columns(rows):
        click.echo(line)
    if len(found) > MOST_JOBS:
        say(gettext_noop("另有 {count} 个更早的任务。"), count=len(found) - MOST_JOBS)


def _time(receipt: MovedReceipt) -> str:
    stamp = receipt.finished_ms or receipt.started_ms
    return datetime.fromtimestamp(stamp / 1000, BEIJING).strftime("%Y-%m-%d %H:%M:%S") if stamp else "-"
