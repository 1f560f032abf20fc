"""`jutong exchange run`: a saved transfer run to its end, on this instance or by program at a center elsewhere."""

from __future__ import annotations

import ipaddress
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TextIO
from urllib.parse import urlsplit

import click

from jutong.cli.bar import Bar, Standing
from jutong.cli.text import language, say, sentence
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError, NotFoundError
from jutong.kernel.i18n import gettext_noop

PAUSE_SECONDS = 1.0
SECONDS = 30.0
"""How long an answer of a center may take."""

PAGE = 100
ENDED = ("done", "failed", "cancelled")
_EXIT_FAILED, _EXIT_UNKNOWN = 1, 3
_ENDS = {
    "done": gettext_noop("完成：读出 {read} 行，写入 {written} 行，隔离 {aside} 行，略过 {skipped} 行。"),
    "tried": gettext_noop(
        "试运行：看了 {read} 行，会写入 {written} 行，隔离 {aside} 行，略过 {skipped} 行；没有写入。"
    ),
    "failed": gettext_noop("失败：读了 {read} 行，没有搬运。"),
    "cancelled": gettext_noop("已取消，目标保持原来的内容。"),
    "unknown": gettext_noop("节点很久没有消息，不知道结果；作业 {job_id}。"),
}
_ORDERED = gettext_noop("已下达作业 {job_id}；按 Ctrl-C 只停止观看，作业继续。")


class CenterRefusedError(JutongError):
    """A center at another address did not do what was asked; its own words follow."""

    code = "cli.center.refused"
    http_status = 502
    message = gettext_noop("中心没有受理（{code}）：{said}")
    next_step = gettext_noop("{advice}")


class CenterUnreachableError(JutongError):
    """A center at another address does not answer."""

    code = "cli.center.unreachable"
    http_status = 503
    message = gettext_noop("连不上中心 {center}：{reason}")
    next_step = gettext_noop("请核对地址，确认平台正在运行；已经下达的作业不受影响。")


class CenterPlainError(JutongError):
    """A token would go over the network in clear."""

    code = "cli.center.plain"
    http_status = 422
    message = gettext_noop("地址 {center} 不是https，令牌会在网络上明文传送。")
    next_step = gettext_noop("请用https的地址；只有本机可以用http。")


class Center(Protocol):
    """Where a transfer is run."""

    def order(self, transfer: str, asked: Mapping[str, Any]) -> str:
        """Order a run, a dry run (``rows``) or a back-fill (``first``, ``until``); return the job's id."""

    def job(self, job_id: str) -> Mapping[str, Any]:
        """Return a job as the API shows it."""


@click.command()
@click.argument("transfer")
@click.option("--center", "center_url", default="", help="中心的地址，空为本实例 · a center's address; empty: this one")
@click.option(
    "--token-file", type=click.File(encoding="utf-8"), help="放令牌的文件，- 为标准输入 · with a bearer token"
)
@click.option("--dry", is_flag=True, help="试运行，不写入 · write nothing and tell what would be")
@click.option(
    "--rows", default=10_000, type=click.IntRange(0), help="试运行看多少行，0 为全部 · rows of a dry run; 0: all"
)
@click.option("--from", "first", default="", help="补搬从（含） · bring in again from, of the watermark")
@click.option("--to", "until", default="", help="补搬到（不含） · and up to, not included")
@click.option("--no-wait", is_flag=True, help="下达后不等 · do not wait for the end")
@click.option("--json", "as_json", is_flag=True, help="结果写成JSON · print the job as JSON")
def run(
    transfer: str, center_url: str, token_file: TextIO | None, first: str, until: str, *, dry: bool, rows: int,
    no_wait: bool, as_json: bool,
) -> None:  # fmt: skip
    """运行一项交换任务 · run a saved transfer (its id or name) now and follow it to its end.

    Ends with 0 when it is done, 1 when it failed or was cancelled, 3 when nobody knows.
    """
    if bool(first) != bool(until) or (dry and first):
        raise click.UsageError("--from 和 --to 一起用，不和 --dry 一起 · --from goes with --to, not with --dry")
    if center_url and token_file is None:
        raise click.UsageError("--center 要有 --token-file · --center needs --token-file")
    asked = {"rows": rows} if dry else {"first": first, "until": until} if first else {}
    opened = remote(center_url, token_file.read().strip()) if center_url and token_file else local()
    with opened as center:
        job_id = center.order(transfer, asked)
        if not as_json:
            say(_ORDERED, job_id=job_id)
        found = center.job(job_id) if no_wait else _followed(center, job_id, None if as_json else Bar())
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, default=str))
    elif not no_wait:
        _tell(found)
    if not no_wait and found["state"] != "done":
        sys.exit(_EXIT_UNKNOWN if found["state"] == "unknown" else _EXIT_FAILED)


def _followed(center: Center, job_id: str, bar: Bar | None) -> Mapping[str, Any]:
    while (found := center.job(job_id))["state"] not in (*ENDED, "unknown"):
        standing = Standing(
            found["rows_read"] or 0, found["expected_rows"] or 0, found["phase"], found["rows_per_second"],
            found["rows_quarantined"] or 0,
        )  # fmt: skip
        if bar is not None:
            bar.show(standing.line)
        time.sleep(PAUSE_SECONDS)
    if bar is not None:
        bar.clear()
    return found


def _tell(found: Mapping[str, Any]) -> None:
    end = "tried" if found["is_dry"] and found["state"] == "done" else found["state"]
    names = ("read", "written", "quarantined", "skipped")
    figures = {name: f"{found[f'rows_{name}'] or 0:,}" for name in names}
    say(_ENDS[end], aside=figures.pop("quarantined"), job_id=found["id"], **figures)
    for count in found["rule_counts"]:
        if count["rows"]:
            click.echo(f"  {count['rows']:>12,}  {count['column']}  {count['id']}  {count['action']}")
    if found["problem"]:
        click.echo(found["problem"])


@contextmanager
def local() -> Iterator[Center]:
    """Have this instance's center; the audit trail names the machine's account."""
    from jutong.cli.center import center as registry

    with registry() as by:
        from jutong.cli.exchange_local import LocalCenter

        yield LocalCenter(by, utc_now)


@contextmanager
def remote(url: str, token: str) -> Iterator[Center]:
    """Have a center elsewhere, as whoever the token was given to.

    Raises:
        CenterPlainError: if the token would travel in clear.
    """
    import httpx

    parts = urlsplit(url)
    if parts.scheme != "https" and not _is_here(parts.hostname or ""):
        raise CenterPlainError(center=url)
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": language()}
    base = f"{url.rstrip('/')}/api/v1"
    with httpx.Client(base_url=base, headers=headers, timeout=SECONDS, transport=transport()) as client:
        yield _Remote(client)


def transport() -> Any:
    """Return what requests travel by; None for the network."""
    return None


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Remote:
    def __init__(self, client: Any) -> None:
        self._client = client

    def order(self, transfer: str, asked: Mapping[str, Any]) -> str:
        step = "try" if "rows" in asked else "backfill" if asked else "run"
        return str(self._ask("POST", f"/transfers/{self._id_of(transfer)}/{step}", json=asked or None)["id"])

    def job(self, job_id: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._ask("GET", f"/jobs/{job_id}")
        return found

    def _id_of(self, transfer: str) -> str:
        found, cursor = [], ""
        while True:
            page = self._ask("GET", "/transfers", params={"limit": PAGE, "cursor": cursor})
            found += [row["id"] for row in page["rows"] if transfer in (row["id"], row["name"])]
            cursor = page["next"]
            if not cursor:
                return only(found, transfer)

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        import httpx

        try:
            answer = self._client.request(method, path, **how)
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise CenterUnreachableError(center=str(self._client.base_url), reason=type(error).__name__) from error
        if answer.is_success:
            return body
        said = body.get("error", {})
        raise CenterRefusedError(
            code=said.get("code", answer.status_code), said=said.get("message", ""), advice=said.get("next_step", "")
        )


def only(found: list[str], transfer: str) -> str:
    """Return the one id a transfer was named by.

    Raises:
        NotFoundError: if there is none, or there are several of that name.
    """
    if len(found) != 1:
        several = sentence(gettext_noop("{name}（{count}项，请用id）"), name=transfer, count=len(found))
        raise NotFoundError(what=several if found else transfer)
    return found[0]
