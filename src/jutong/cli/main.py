"""The `jutong` command: one table of subcommands, one place where errors become sentences."""

from __future__ import annotations

import io
import sys
from typing import Any

import click

from jutong.cli.lazy import LazyGroup
from jutong.cli.text import language
from jutong.kernel.errors import JutongError
from jutong.runtime.errors import HomeForbiddenError

COMMANDS = {
    "up": ("jutong.cli.instance:up", "启动平台 · start the platform"),
    "down": ("jutong.cli.instance:down", "停止平台 · stop the platform"),
    "status": ("jutong.cli.instance:status", "查看运行情况 · what is running"),
    "reset": ("jutong.cli.instance:reset", "清除数据文件夹 · delete the data folder's content"),
    "migrate": ("jutong.cli.instance:migrate", "升级登记库的表 · bring the registry's tables up to date"),
    "registry": ("jutong.cli.registry:registry", "备份与恢复登记库 · pg_dump, pg_restore or psql on the registry"),
    "settings": ("jutong.cli.about:settings", "列出全部设置 · list every setting"),
    "version": ("jutong.cli.about:version", "显示版本 · print the version"),
    "demo": ("jutong.cli.demo:demo", "演示城市 · the demo city"),
    "tour": ("jutong.cli.tour:tour", "走一遍完整流程 · drive one need through the platform"),
    "errors": ("jutong.cli.errors:errors", "解释错误代码 · say what an error code means"),
    "evidence": ("jutong.cli.evidence:evidence", "核验存证 · verify evidence offline"),
    "node": ("jutong.cli.node:node", "前置节点 · manage nodes"),
    "exchange": ("jutong.cli.exchange:exchange", "隔离的行 · rows that moves set aside"),
    "worker": ("jutong.cli.worker:worker", "替节点搬运 · carry out moves for a node from another machine"),
    "library": ("jutong.cli.library:library", "统一资源库 · the library's tables: versions, care, backups"),
    "catalog": ("jutong.cli.catalog:catalog", "目录 · the catalog"),
    "calendar": ("jutong.cli.calendar:calendar", "工作日历 · working-day calendars"),
    "clocks": ("jutong.cli.clocks:clocks", "期限规则 · the periods the clocks run by"),
    "user": ("jutong.cli.user:user", "用户 · users"),
}


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
def jutong() -> None:
    """聚通 Jutong：政务数据共享平台 · a platform on which departments share data, with proof."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; a named error prints what is wrong and the next step, and ends with 1."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Chinese shows escapes rather than ending the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return jutong.main(args=arguments, prog_name="jutong")
    except JutongError as error:
        explain(error)
    except PermissionError as error:
        explain(HomeForbiddenError(path=error.filename))
    sys.exit(1)


def explain(error: JutongError) -> None:
    """Print an error as a person reads it: what is wrong, what to do, and its code."""
    spoken = language()
    click.echo(f"{error.explain(spoken)}\n{error.advise(spoken)}\n[{error.code}]", err=True)


if __name__ == "__main__":
    main()
