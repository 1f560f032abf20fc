"""`jutong exchange cell-key` and `unseal`: what was moved encrypted, opened by the department it is for."""

from __future__ import annotations

from pathlib import Path

import click

from jutong.cli.text import say
from jutong.kernel.i18n import gettext_noop

A_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
A_PLACE = click.Path(dir_okay=False, path_type=Path)


@click.command("cell-key")
@click.argument("out", type=A_PLACE)
@click.option("--gateway", required=True, help="提供方节点的网关地址 · the gateway of the provider's node")
@click.option("--grant", required=True, help="授权编号 · number of the grant")
@click.option("--official", required=True, help="经办人 · who takes the key; it is on record")
@click.option("--key", "key_file", required=True, type=A_FILE, help="信息系统的私钥文件 · the system's private key")
@click.option("--key-id", required=True, help="登记的公钥编号 · the id it is registered under")
def cell_key(*, out: Path, gateway: str, grant: str, official: str, key_file: Path, key_id: str) -> None:
    """领取解密的密钥 · fetch the key of what was moved encrypted for this department."""
    from jutong.client import JutongClient
    from jutong.client.cells import write_key
    from jutong.client.errors import RefusedError
    from jutong.kernel.keys import load_or_create_signer

    signer = load_or_create_signer(key_file, "system")
    with JutongClient(gateway, key_id, signer) as client:
        try:
            key = client.cell_key(grant=grant, official=official).opened(signer)
        except RefusedError as refused:
            raise click.ClickException(f"{refused.message}{refused.next_step} [{refused.code}]") from refused
    write_key(out, key)
    say(gettext_noop("协议 {agreement} 的密钥已写入 {file}，只有您可以读。"), agreement=key.agreement, file=out)


@click.command()
@click.argument("source", type=A_FILE)
@click.argument("target", type=A_PLACE)
@click.option("--cell-key", "key_file", required=True, type=A_FILE, help="领取的密钥文件 · what cell-key fetched")
@click.option("--column", "names", multiple=True, help="只解这些列 · only these columns")
def unseal(source: Path, target: Path, key_file: Path, names: tuple[str, ...]) -> None:
    """解开加密的列 · open the encrypted cells of a CSV, JSON lines or Parquet file."""
    from jutong.client.cells import Opener, open_file, read_key

    opener = Opener(read_key(key_file), names)
    open_file(source, target, opener)
    say(gettext_noop("{rows} 行，解开 {cells} 个值。"), rows=f"{opener.rows:,}", cells=f"{opener.cells:,}")
