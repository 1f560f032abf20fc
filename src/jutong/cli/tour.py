"""`jutong tour`: drive one need through the running platform."""

from __future__ import annotations

from pathlib import Path

import click

from jutong.cli.text import language
from jutong.kernel import settings as jutong_settings


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="留下回执、记录和公钥的文件夹 · folder for receipt.txt, record.json and keys",
)
@click.option("--url", help="平台地址，默认是本实例 · address of the platform; this instance by default")
def tour(*, out: Path | None, url: str | None) -> None:
    """走一遍完整流程 · drive one need through the running demo platform over its public doors.

    每一步都说出凭什么算数；平台没有运行或哪一步没走通时，以1结束。
    """
    from jutong.tour.run import walk
    from jutong.tour.voice import Voice

    address = url or jutong_settings.load().center_base
    walk(address, Voice(language(), click.echo), out=out)
