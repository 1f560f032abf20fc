"""`jutong worker`: carry out moves for a node on another machine, over the file system both share."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading

import click

from jutong.cli.text import columns, say
from jutong.kernel import settings as jutong_settings
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.logs import JsonLineFormatter


@click.command()
@click.option("--name", default="", help="工作机的名字，默认用主机名 · name of this worker; the host's by default")
@click.option("--places", type=click.IntRange(1, 64), default=2, help="同时搬运几项 · moves at the same time")
@click.option("--list", "listing", is_flag=True, help="只列出在运行的工作机 · only list the workers that run")
def worker(name: str, places: int, *, listing: bool) -> None:
    """替节点搬运 · carry out moves for the node whose home is shared; Ctrl-C holds them, nothing is lost."""
    home = jutong_settings.load().home
    if listing:
        _list()
        return
    from jutong.node.exchange.workers.serving import Serving

    handler = logging.StreamHandler()
    handler.setFormatter(JsonLineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    Serving(home, name or _host_name(), places).run(stop)


def _host_name() -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in socket.gethostname().lower().split(".")[0])[:40]


def _list() -> None:
    from jutong.node.exchange.workers import roster

    who = roster.Roster(jutong_settings.load().home)
    who.living()
    threading.Event().wait(roster.WATCH_SECONDS)
    found = who.living()
    if not found:
        say(gettext_noop("没有在运行的工作机。"))
        sys.exit(1)
    for line in columns((one.name, one.host, f"{one.at_work}/{one.places}") for one in found):
        click.echo(line)
