"""`jutong up | down | status | reset | migrate`: one instance from outside."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import click

from jutong.cli.text import columns, say, sentence
from jutong.kernel import settings as jutong_settings
from jutong.kernel.clock import utc_now
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.settings import Settings
from jutong.runtime import control, prepared, registry, services, state
from jutong.runtime.errors import AlreadyRunningError, NotAHomeError, PreparationError
from jutong.runtime.home import MARKER, Home
from jutong.runtime.supervisor import STOPPING, Supervisor, preparation

STOPPED_EXIT = 3
"""What ``status`` ends with when nothing runs, as init scripts do."""

READY = gettext_noop("聚通已就绪：{address}")
GATEWAY = gettext_noop("节点网关：  {address}")
PLACES = gettext_noop("数据文件夹：{home}（日志在 {logs}）")
DEMO_ACCOUNTS = gettext_noop("演示账号（人物与企业均为虚构，请勿用于正式环境）：")
HOW_TO_STOP = gettext_noop("按 Ctrl-C 停止；数据会保留到下次启动。")
IN_BACKGROUND = gettext_noop("平台在后台运行；用 jutong status 查看，用 jutong down 停止。")
STOPPED = gettext_noop("平台已停止。")
NOT_RUNNING = gettext_noop("平台没有运行。数据文件夹：{home}")
WORKS = gettext_noop("资源库作业：{n}项没有做完；平台运行时会接着做。")
ERASE = gettext_noop("将停止平台并清除 {home} 里的全部数据（登记库、存证、密钥、日志），无法恢复。继续吗？")
ERASED = gettext_noop("已清除 {home}。")
EXTERNAL_KEPT = gettext_noop("外部登记库（JUTONG_DATABASE_URL）没有改动。")
MIGRATED = gettext_noop("登记库的表已是最新。")


def _settings(*, demo: bool) -> Settings:
    found = jutong_settings.load()
    return dataclasses.replace(found, demo=found.demo or demo or Home(found.home).holds_demo())


def _announce(settings: Settings, *, last: str, accounts: bool) -> None:
    say(READY, address=settings.gateway_base if settings.role == services.NODE else settings.center_base)
    if settings.role == services.ALL:
        say(GATEWAY, address=settings.gateway_base)
    say(PLACES, home=settings.home, logs=settings.path("logs"))
    if accounts:
        from jutong.demo.load import accounts as demo_accounts

        click.echo()
        say(DEMO_ACCOUNTS)
        for line in columns(demo_accounts()):
            click.echo(f"  {line}")
        click.echo()
    say(last)


@click.command()
@click.option("--detach", is_flag=True, help="在后台运行，就绪后返回 · run in the background, return when ready")
@click.option("--demo", is_flag=True, help="载入演示城市 · load the demo city")
def up(*, detach: bool, demo: bool) -> None:
    """启动平台 · start the platform: registry, pages, gateway and background work of this instance."""
    settings = _settings(demo=demo)
    home = Home(settings.home)
    if detach:
        if state.is_supervised(home):
            known = state.read(home)
            raise AlreadyRunningError(path=home.path, pid=known.pid if known else "?")
        command = services.python("-m", "jutong.cli.main", "up", *(["--demo"] if demo else []))
        control.start_detached(home, command, {**os.environ, "JUTONG_HOME": str(settings.home)})
        _announce(settings, last=IN_BACKGROUND, accounts=demo)
        return
    home.prepare()
    if demo:
        home.mark_demo()
    supervisor = Supervisor(settings, clock=utc_now, say=say, prepare=preparation(demo=demo), load_demo=demo)
    supervisor.run(lambda: _announce(settings, last=HOW_TO_STOP, accounts=demo))
    say(STOPPED)


@click.command()
def down() -> None:
    """停止平台 · stop the platform; the data stays."""
    home = Home(jutong_settings.load().home)
    if not state.is_supervised(home):
        say(NOT_RUNNING, home=home.path)
        return
    say(STOPPING)
    control.end(home)
    say(STOPPED)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="机器可读 · machine-readable")
def status(*, as_json: bool) -> None:
    """查看运行情况 · what is running. Ends with 0 while the platform runs and with 3 when it does not."""
    found = control.report(jutong_settings.load())
    works = open_works(Path(found.home))
    if as_json:
        click.echo(json.dumps({**dataclasses.asdict(found), "library_works": works}, ensure_ascii=False, indent=2))
    elif not found.running:
        say(NOT_RUNNING, home=found.home)
    else:
        click.echo(f"{found.phase}  {found.address}  role={found.role}  pid={found.pid}  since={found.since}")
        say(PLACES, home=found.home, logs=found.logs)
        rows: list[tuple[object, ...]] = [("process", "pid", "port", "state", "restarts", "log")]
        for row in found.processes:
            condition = "ok" if row.healthy else "no answer" if row.alive else "down"
            rows.append((row.name, row.pid or "-", row.port or "-", condition, row.restarts, row.log))
        for line in columns(rows):
            click.echo(f"  {line}")
    if works:
        say(WORKS, n=works)
    if not found.running:
        sys.exit(STOPPED_EXIT)


def open_works(home: Path) -> int:
    """Return how many works of the library this node has begun and not ended."""
    from jutong.node.works.folder import all_works

    return sum(not work.has_ended for work in all_works(home))


@click.command()
@click.option("--yes", is_flag=True, help="不再询问 · do not ask")
def reset(*, yes: bool) -> None:
    """清除数据文件夹 · stop the platform and delete everything in its data folder."""
    settings = jutong_settings.load()
    home = Home(settings.home)
    if not home.is_ours():
        raise NotAHomeError(path=home.path, marker=MARKER)
    if not yes:
        click.confirm(sentence(ERASE, home=home.path), abort=True)
    control.erase(home)
    say(ERASED, home=home.path)
    if settings.database_url:
        say(EXTERNAL_KEPT)


@click.command()
def migrate() -> None:
    """升级登记库的表 · bring the registry's tables up to date, whether the platform runs or not."""
    settings = _settings(demo=False)
    with registry.opened(settings):
        prepared.forget(settings)
        environment = {**os.environ, "JUTONG_HOME": str(settings.home)}
        done = subprocess.run(preparation(demo=False), env=environment, check=False)
    if done.returncode != 0:
        raise PreparationError(reason=f"exit code {done.returncode}", log="stderr")
    say(MIGRATED)
