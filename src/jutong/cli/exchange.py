"""`jutong exchange`: the rows that moves set aside on this node, put right or dropped by those who may read them."""

from __future__ import annotations

import getpass
import socket
import sys
import time
from pathlib import Path

import click

from jutong.cli.bar import Bar, Standing
from jutong.cli.cells import cell_key, unseal
from jutong.cli.exchange_run import run
from jutong.cli.node import STATES
from jutong.cli.text import columns, say, sentence
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel import settings as jutong_settings
from jutong.kernel.clock import utc_now
from jutong.kernel.i18n import gettext_noop
from jutong.node.exchange.jobs import JobFolder, chunks_total

DECISIONS = {
    "fixed": gettext_noop("已改正，待写回"),
    "dropped": gettext_noop("作废"),
    "batched": gettext_noop("正在写回"),
    "written": gettext_noop("已写回"),
}
OPEN = gettext_noop("待处理")
WATCH_SECONDS = 0.5


@click.group()
def exchange() -> None:
    """隔离的行 · rows that moves set aside on this node."""


exchange.add_command(run)
exchange.add_command(cell_key)
exchange.add_command(unseal)


def _home() -> Path:
    return jutong_settings.load().home


def _official() -> str:
    """Return who decides: the account on this machine."""
    return f"{getpass.getuser()}@{socket.gethostname()}"[:150]


@exchange.command()
@click.argument("job_id")
def watch(job_id: str) -> None:
    """看一项任务搬运 · follow a move on this node to its end; Ctrl-C leaves it running."""
    folder = JobFolder(_home(), job_id)
    folder.order()
    bar = Bar()
    while (final := folder.result()) is None:
        standing = folder.waiting() if folder.tries().number else folder.progress()
        bar.show(_line(standing, chunks_total(folder.path)))
        time.sleep(WATCH_SECONDS)
    bar.clear()
    say(
        gettext_noop("{state}：读出 {read} 行，写入 {written} 行，隔离 {aside} 行。"),
        state=sentence(STATES[final.state]), read=final.rows_read, written=final.rows_written,
        aside=final.rows_quarantined,
    )  # fmt: skip
    if final.problem:
        click.echo(final.problem)
    if final.state != "done":
        sys.exit(1)


def _line(receipt: MovedReceipt, total: int) -> str:
    rate, aside = receipt.rows_per_second, receipt.rows_quarantined
    return Standing(receipt.rows_read, total, receipt.phase, rate, aside).line


@exchange.command("list")
@click.argument("job_id")
@click.option("--skip", default=0, type=click.IntRange(0), help="跳过的行数 · rows to skip")
@click.option("--limit", default=20, type=click.IntRange(1, 1000), help="最多列出 · rows to list")
@click.option(
    "--values", "with_values", is_flag=True, help="连同不合的值，可能含个人信息 · with the values found wrong"
)
def list_rows(job_id: str, skip: int, limit: int, *, with_values: bool) -> None:
    """列出隔离的行 · list what was set aside, and why."""
    from jutong.node.exchange.readers.manifest import load
    from jutong.node.exchange.repair import Repair

    folder = JobFolder(_home(), job_id)
    files, lines = load(folder.path), []
    with Repair(folder.path, folder.order()) as repair:
        for row, decision in repair.page(skip, limit):
            state = sentence(DECISIONS[decision.state] if decision else OPEN)
            for found in row.findings:
                value = [found.value or ""] if with_values else []
                file = [files.name_of(row.chunk)] if files else []
                lines.append((row.name, *file, found.column, found.rule, found.reason, state, *value))
    if not lines:
        say(gettext_noop("没有隔离的行。"))
    for line in columns(lines):
        click.echo(line)


@exchange.command()
@click.argument("job_id")
@click.argument("row")
def show(job_id: str, row: str) -> None:
    """显示一行 · show one row as it was read; it may hold personal data."""
    from jutong.node.exchange.repair import Repair

    folder = JobFolder(_home(), job_id)
    with Repair(folder.path, folder.order()) as repair:
        found = repair.row(row)
    for line in columns((name, "NULL" if value is None else str(value)) for name, value in found.values.items()):
        click.echo(line)


@exchange.command()
@click.argument("job_id")
@click.argument("row")
@click.argument("changes", nargs=-1, required=True, metavar="COLUMN=VALUE...")
@click.option("--reason", required=True, help="依据 · on what ground")
def fix(job_id: str, row: str, changes: tuple[str, ...], reason: str) -> None:
    """改正一行 · put values of a row right; `COLUMN=` alone is an empty text."""
    from jutong.node.exchange.repair import Repair

    pairs = [change.partition("=") for change in changes]
    if unclear := [name for name, sign, _ in pairs if not sign]:
        raise click.BadParameter(unclear[0], param_hint="COLUMN=VALUE")
    folder = JobFolder(_home(), job_id)
    with Repair(folder.path, folder.order(), _official()) as repair:
        repair.fix(row, {name: value for name, _, value in pairs}, reason, utc_now())
    say(gettext_noop("已记下，用 jutong exchange replay {job_id} 写回。"), job_id=job_id)


@exchange.command()
@click.argument("job_id")
@click.argument("row")
@click.option("--reason", required=True, help="依据 · on what ground")
def drop(job_id: str, row: str, reason: str) -> None:
    """作废一行 · say that a row is not to be written, and why."""
    from jutong.node.exchange.repair import Repair

    folder = JobFolder(_home(), job_id)
    with Repair(folder.path, folder.order(), _official()) as repair:
        repair.drop(row, reason, utc_now())
    say(gettext_noop("已作废。"))


@exchange.command()
@click.argument("job_id")
def replay(job_id: str) -> None:
    """写回改正的行 · add the rows that were put right to the table, in one commit."""
    from jutong.node import sources
    from jutong.node.exchange.repair import Repair
    from jutong.node.exchange.replay import Replay

    home = _home()
    folder = JobFolder(home, job_id)
    order = folder.order()
    source = sources.pick(sources.load(home / sources.FILE), order.source)
    with Repair(folder.path, order, _official()) as repair:
        done = Replay(repair, home, source).run(utc_now())
    say(gettext_noop("写回 {count} 行。"), count=done.written)
    for line in columns(done.still_wrong):
        click.echo(line)


@exchange.command()
def check() -> None:
    """核对写过的每张表 · read everything that was moved again and hold it against what its last job left."""
    from jutong.node.exchange.modes.reconcile import every

    wrong = 0
    for found in every(_home()):
        wrong += found.state != "same"
        told = (found.organisation_code, found.target, found.state, str(found.rows), found.problem)
        click.echo("  ".join(filter(None, told)))
    if wrong:
        say(gettext_noop("有 {count} 张表与最后一次任务留下的不一致。"), count=wrong)
        raise SystemExit(1)
    say(gettext_noop("都与最后一次任务留下的一致。"))


@exchange.command()
@click.option("--days", type=click.IntRange(1), help="保留多少天内的版本，不填按设置 · keep versions of so many days")
@click.option("--remove", is_flag=True, help="真的删除，不加只报告 · remove them; without it only tell")
def tidy(days: int | None, *, remove: bool) -> None:
    """清理旧版本的文件 · remove what only versions need that were replaced long ago; damaged tables are left alone."""
    from jutong.node.exchange.modes import reconcile

    found = jutong_settings.load()
    keep = days or found.library_keep_days
    if not keep:
        raise click.BadParameter("JUTONG_LIBRARY_KEEP_DAYS", param_hint="--days")
    files = size = 0
    for check in reconcile.look(found.home):
        if check.state == "same":
            pruned = reconcile.tidy(found.home, keep, check, dry=not remove)
            files, size = files + pruned.files, size + pruned.size
    text = (
        gettext_noop("删除了 {files} 个文件，{size} MB。")
        if remove
        else gettext_noop("可以删除 {files} 个文件，{size} MB。")
    )
    say(text, files=f"{files:,}", size=f"{size / 1e6:,.1f}")
