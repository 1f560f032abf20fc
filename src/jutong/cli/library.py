"""`jutong library`: the library's tables at this node, as they were and are, taken care of, backed up and restored."""

from __future__ import annotations

import getpass
import socket
import sys
from pathlib import Path
from typing import Any

import click

from jutong.cli.library_rows import changed, export
from jutong.cli.library_words import FINDINGS, TASKS, table_folder, told_moment
from jutong.cli.text import columns, say, sentence
from jutong.contracts.library_care import CareOrder, CareResult
from jutong.kernel import settings as jutong_settings
from jutong.kernel.clock import utc_now
from jutong.kernel.i18n import gettext_noop

A_TABLE = "ZONE/CODE/TABLE"


@click.group()
def library() -> None:
    """统一资源库 · the unified library's tables at this node."""


library.add_command(export)
library.add_command(changed)


@library.command("tables")
def list_tables() -> None:
    """列出资源库的表 · list the tables, with their last good version."""
    from jutong.library.care.examine import examine, tables_of
    from jutong.library.care.history import versions
    from jutong.library.care.keep import promised

    lines = []
    for path in tables_of(_home() / "library"):
        looked, known = examine(path), versions(path)
        rows = next((f"{one.rows:,}" for one in reversed(known) if one.number == looked.good and one.rows >= 0), "?")
        size = sum(file.stat().st_size for file in path.glob("*.parquet"))
        readable = sum(one.readable for one in known)
        days = promised(path).keep_days
        lines.append((
            "/".join(path.parts[-3:]), f"v{looked.good}", rows, f"{size / 1e6:,.1f} MB",
            sentence(gettext_noop("{count} 个版本可读"), count=readable),
            sentence(gettext_noop("保留 {days} 天"), days=days) if days else "-",
            "、".join(sorted({sentence(FINDINGS[found.code]) for found in looked.findings})),
        ))  # fmt: skip
    for line in columns(lines):
        click.echo(line)


@library.command()
@click.argument("table", metavar=A_TABLE)
def versions(table: str) -> None:
    """列出一张表的版本 · list the versions of a table, and which can still be read."""
    from jutong.library.care.history import versions as known

    lines = [
        (
            f"v{one.number}", told_moment(one.time_ms), "?" if one.rows < 0 else f"{one.rows:,}", one.operation,
            one.work_id or "-", sentence(gettext_noop("可读") if one.readable else gettext_noop("已清理")),
        )
        for one in known(table_folder(_home(), table))
    ]  # fmt: skip
    for line in columns(lines):
        click.echo(line)


@library.command()
@click.argument("tables", nargs=-1, metavar=f"[{A_TABLE}]...")
@click.option("--days", type=click.IntRange(1, 36500), help="保留多少天内的版本 · keep versions of so many days")
@click.option("--remove", is_flag=True, help="真的整理，不加只报告 · do it; without it only tell")
def care(tables: tuple[str, ...], days: int | None, *, remove: bool) -> None:
    """合并小文件并清理旧版本 · fold small files, and remove what only versions need that nobody was promised."""
    from jutong.library.care.examine import tables_of
    from jutong.library.care.keep import promised

    home = _home()
    paths = [table_folder(home, one) for one in tables] or tables_of(home / "library")
    kept = jutong_settings.load().library_keep_days
    keepings = []
    for path in paths:
        known = max(promised(path).keep_days, kept)
        if days is None and not known:
            continue  # what nobody gave a term is kept for ever
        zone, code, name = path.parts[-3:]
        keepings.append({"zone": zone, "code": code, "table": name, "keep_days": max(known, days or 0)})
    _done({"kind": "tidy", "tables": keepings, "dry": not remove})


@library.command()
@click.argument("tables", nargs=-1, metavar=f"[{A_TABLE}]...")
@click.option("--rows", "content", is_flag=True, help="连内容一起核对 · read every row and hold it against its proof")
def verify(tables: tuple[str, ...], *, content: bool) -> None:
    """核对表是否完好 · look whether tables are whole, and ours."""
    names = [_named(one) for one in tables]
    result = _done({"kind": "examine", "tables": names, "content": content})
    if any(one.findings or one.problem_code for one in result.tables):
        sys.exit(1)


@library.command()
@click.argument("table", metavar=A_TABLE)
def mend(table: str) -> None:
    """退回最后一个完好的版本 · bring a table back to its last good version, by one more commit."""
    _done({"kind": "mend", "table": _named(table)})


@library.command()
@click.argument("tables", nargs=-1, metavar=f"[{A_TABLE}]...")
def backup(tables: tuple[str, ...]) -> None:
    """备份 · back tables up, all when none is named; encrypted, sharing what did not change."""
    result = _done({"kind": "backup", "tables": [_named(one) for one in tables]})
    say(gettext_noop("备份编号 {set_id}。密钥在 keys/library-backup.key，请另存一份。"), set_id=result.set_id)


@library.command()
@click.option("--check", "checked", help="读一遍并核对一份备份 · read a backup and check it")
@click.option("--remove", "removed", help="删除一份备份 · remove a backup")
def backups(checked: str | None, removed: str | None) -> None:
    """列出备份 · list the backups, check one or remove one."""
    from jutong.library.care.backup import check_set, drop, read_set, vault_of

    vault = vault_of(_home())
    if checked:
        say(gettext_noop("完好，{size} MB。"), size=f"{check_set(vault, checked) / 1e6:,.1f}")
    if removed:
        say(gettext_noop("已删除，腾出 {size} MB。"), size=f"{drop(vault, removed) / 1e6:,.1f}")
    sets = [] if checked or removed else [read_set(vault, one) for one in vault.sets()]
    lines = [
        (
            one.set_id, told_moment(one.at_ms), sentence(gettext_noop("{count} 张表"), count=len(one.tables)),
            f"{sum(table.rows for table in one.tables):,}",
            f"{sum(file.size for table in one.tables for file in table.files) / 1e6:,.1f} MB",
        )
        for one in sets
    ]  # fmt: skip
    for line in columns(lines):
        click.echo(line)


@library.command()
@click.argument("set_id")
@click.argument("tables", nargs=-1, metavar=f"[{A_TABLE}]...")
def restore(set_id: str, tables: tuple[str, ...]) -> None:
    """从备份恢复 · bring tables back from a backup, all that are in it when none is named."""
    _done({"kind": "restore", "set_id": set_id, "tables": [_named(one) for one in tables]})


@library.command()
def erased() -> None:
    """列出删除个人数据的记录 · list the erasures carried out here; no account names the person."""
    from jutong.library.care.erasure import accounts

    lines = [
        (
            one.erasure_id, told_moment(one.at_ms), sum(table.rows for table in one.tables),
            sum(len(table.lost) for table in one.tables), "、".join(consent.name for consent in one.consents),
            one.ground,
        )
        for one in accounts(_home() / "library")
    ]  # fmt: skip
    for line in columns(lines):
        click.echo(line)


@library.command()
@click.argument("erasure_id")
def prove(erasure_id: str) -> None:
    """再查一遍已删除的人 · look again whether anything of an erased person is there."""
    result = _done({"kind": "prove", "erasure_id": erasure_id})
    say(
        gettext_noop("查了 {files} 个文件，{remaining} 个仍有该人数据；节点其他文件中 {elsewhere} 个。"),
        files=f"{result.searched_files:,}", remaining=result.remaining, elsewhere=result.elsewhere,
    )  # fmt: skip
    if result.remaining:
        sys.exit(1)


def _home() -> Path:
    return jutong_settings.load().home


def _named(table: str) -> dict[str, str]:
    zone, code, name = table_folder(_home(), table).parts[-3:]
    return {"zone": zone, "code": code, "table": name}


def official() -> str:
    """Return who has it done: the account on this machine."""
    return f"{getpass.getuser()}@{socket.gethostname()}"[:150]


def _done(task: dict[str, Any]) -> CareResult:
    """Carry out a task, tell what came of it, and end with 1 when it did not come to its end."""
    from jutong.kernel.canonical import canonical_json
    from jutong.node.works.local import carry_out

    order = CareOrder.model_validate_json(canonical_json({"task": task}))
    final = carry_out(_home(), "care", order, official=official(), clock=utc_now)
    if final.state != "done":
        click.echo(f"{final.problem}\n[{final.problem_code}]", err=True)
        sys.exit(1)
    result = CareResult.model_validate_json(canonical_json(final.result))
    for line in columns(
        (
            one.table.text, f"v{one.version}" if one.version >= 0 else "-",
            sentence(TASKS[result.kind], rows=f"{one.rows:,}", came=one.files_written, gone=one.files_removed,
                     size=f"{one.bytes_removed / 1e6:,.1f}"),
            "、".join(f"{sentence(FINDINGS[found.code])} v{found.version}" for found in one.findings) or one.problem,
        )
        for one in result.tables
    ):  # fmt: skip
        click.echo(line)
    return result
