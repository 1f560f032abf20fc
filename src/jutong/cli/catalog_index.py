"""`jutong catalog index`: the search index beside the registry."""

from __future__ import annotations

import dataclasses
import json

import click

from jutong.cli.center import center
from jutong.cli.text import say
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop

NONE_YET = gettext_noop("还没有检索索引，检索由登记库回答；后台任务启动后会自动建立。")
IN_FORCE = gettext_noop(
    "检索索引里有{entries}条目录，跟到变更{cursor}，还有{changes}条变更没写入（最早的等了{seconds}秒）。"
)
MADE = gettext_noop("建立于{built_at}，用时{build_seconds}秒。最近一次核对：{reconciled_at}，差异{drift}条。")
TROUBLE = gettext_noop("最近一次写入没有成功：{problem}")
NEVER = gettext_noop("还没有核对过")
REBUILT = gettext_noop("已重建检索索引：{entries}条目录，用时{build_seconds}秒。")
RECONCILED = gettext_noop("已核对{checked}条目录：改正{different}条，去掉{gone}条。")


class IndexUnwritableError(JutongError):
    """The index could not be made."""

    code = "cli.index.unwritable"
    http_status = 507
    message = gettext_noop("检索索引没有写成：{reason}。原来的索引没有动。")
    next_step = gettext_noop("请检查磁盘空间和数据文件夹的权限，再运行 jutong catalog index rebuild。")


@click.group()
def index() -> None:
    """检索索引 · the search index beside the registry."""


@index.command()
@click.option("--json", "as_json", is_flag=True, help="机器可读 · machine-readable")
def status(*, as_json: bool) -> None:
    """查看索引 · how many entries it holds and how far it is behind."""
    with center():
        from jutong.center.catalog.index import store, writer

        said, behind = store.store().status(), writer.lag(utc_now())
    if as_json:
        lag = {"lag_changes": behind.changes, "lag_seconds": behind.seconds} if behind else {}
        click.echo(json.dumps({"in_force": behind is not None, **lag, **dataclasses.asdict(said)}, ensure_ascii=False))
        return
    if behind is None:
        say(NONE_YET)
    else:
        say(
            IN_FORCE,
            entries=said.entries,
            cursor=said.cursor,
            changes=behind.changes,
            seconds=round(behind.seconds, 1),
        )
        reconciled = {"reconciled_at": said.reconciled_at or NEVER, "drift": said.drift}
        say(MADE, built_at=said.built_at, build_seconds=said.build_seconds, **reconciled)
    if said.problem:
        say(TROUBLE, problem=said.problem)


@index.command()
def rebuild() -> None:
    """重建索引 · make it anew while the old one goes on answering."""
    with center():
        from jutong.center.catalog.index import writer
        from jutong.center.catalog.index.faults import IndexBrokenError

        try:
            said = writer.rebuild(utc_now())
        except IndexBrokenError as error:
            raise IndexUnwritableError(reason=error) from error
    say(REBUILT, entries=said.entries, build_seconds=said.build_seconds)


@index.command()
def reconcile() -> None:
    """核对索引 · compare it with the registry and put right what differs."""
    with center():
        from jutong.center.catalog.index import writer
        from jutong.center.catalog.index.faults import IndexBrokenError

        try:
            found = writer.reconcile(utc_now())
        except IndexBrokenError as error:
            raise IndexUnwritableError(reason=error) from error
    say(RECONCILED, checked=found.checked, different=found.different, gone=found.gone)
