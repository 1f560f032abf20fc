"""`jutong evidence`: check receipts, records and log folders without network, database or running platform."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from jutong.cli.text import language
from jutong.evidence import agreement as agreements
from jutong.evidence import audit as auditing
from jutong.evidence import errors
from jutong.evidence.backup import backup
from jutong.evidence.checkpoint import NoteError, UnknownKeyError, WrongSignatureError, parse_keys
from jutong.evidence.home import log_folder, records_file
from jutong.evidence.merkle import leaf_hash
from jutong.evidence.recovery import unreadable
from jutong.evidence.tiles import TileError, TileReader
from jutong.evidence.verify import Verdict, verify
from jutong.kernel import settings as jutong_settings
from jutong.kernel.clock import BEIJING, utc_now
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import LANGUAGES, gettext_noop, translate

P = ParamSpec("P")
FAILURES: dict[str, type[JutongError]] = {
    kind.code: kind
    for kind in (
        errors.KeysMalformedError,
        errors.ReceiptMalformedError,
        errors.CheckpointKeyError,
        errors.CheckpointSignatureError,
        errors.RecordMalformedError,
        errors.SaltAlteredError,
        errors.LeafAlteredError,
        errors.RecordAlteredError,
        errors.CommitmentError,
        errors.ReceiptProofError,
    )
}
EXISTING_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
A_FOLDER = click.Path(file_okay=False, path_type=Path)


@dataclass(frozen=True)
class Voice:
    """Prints sentences in one language."""

    language: str

    def say(self, message: str, **fields: object) -> None:
        """Print one sentence."""
        click.echo(translate(message, self.language).format(**fields))


def _spoken(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command ``--lang`` and let a named error end it with 1, told in that language."""

    @click.option("--lang", type=click.Choice([code for code, _ in LANGUAGES]), help="语言 · language")
    @wraps(command)
    def run(*, lang: str | None, **arguments: Any) -> None:
        voice = Voice(lang or language())
        try:
            command(voice, **arguments)
        except JutongError as error:
            voice.say(gettext_noop("✗ 不通过"))
            click.echo(error.explain(voice.language), err=True)
            click.echo(error.advise(voice.language), err=True)
            click.echo(f"[{error.code}]", err=True)
            sys.exit(1)

    return run


@click.group()
def evidence() -> None:
    """核验存证 · check what was served, offline."""


@evidence.command("verify")
@click.argument("receipt", type=EXISTING_FILE)
@click.option("--record", required=True, type=EXISTING_FILE, help="record.json：记录、盐和叶子 · record, salt and leaf")
@click.option("--keys", type=EXISTING_FILE, help="公布的公钥 · published keys; $JUTONG_HOME/evidence/keys")
@click.option("--log", type=A_FOLDER, help="存证文件夹 · log folder; $JUTONG_HOME/evidence")
@click.option("--receipt-only", is_flag=True, help="不核对存证文件夹 · do not check the log folder")
@_spoken
def verify_command(
    voice: Voice, *, receipt: Path, record: Path, keys: Path | None, log: Path | None, receipt_only: bool
) -> None:
    """核验回执与记录 · check a receipt with its record.

    退出码 0：成立；1：不成立，并说明哪一步；2：用法不对。
    Exit code 0: proven; 1: not proven, naming the step; 2: wrong usage.
    """
    home = log_folder(jutong_settings.load())
    keys_file = keys or _own_keys(voice, home, log)
    verdict = _judge(receipt, record, keys_file)
    folder = None if receipt_only else log or (home if home.is_dir() else None)
    report = None if folder is None else _check_folder(verdict, folder, keys_file, named=log is not None)
    _tell_proof(voice, verdict)
    _tell_folder(voice, verdict, report)
    _tell_limits(voice, verdict, own_keys=keys is None)


def _own_keys(voice: Voice, home: Path, log: Path | None) -> Path:
    """Return the instance's list of keys, else the one in the named folder."""
    for folder in (home, log):
        if folder is not None and (folder / auditing.KEYS).is_file():
            return folder / auditing.KEYS
    needed = gettext_noop("没有公钥文件“{file}”，请用 --keys 指定日志公布的公钥。")
    raise click.UsageError(translate(needed, voice.language).format(file=home / auditing.KEYS))


def _judge(receipt: Path, record: Path, keys: Path) -> Verdict:
    verdict = verify(receipt.read_bytes(), record.read_bytes(), keys.read_bytes())
    if not verdict.ok:
        raise FAILURES[verdict.code](problem=verdict.problem)
    return verdict


def _tell_proof(voice: Voice, verdict: Verdict) -> None:
    assert verdict.receipt is not None  # noqa: S101 - a good verdict carries its receipt
    assert verdict.record is not None  # noqa: S101 - and its record
    head, record = verdict.receipt.checkpoint, verdict.record
    voice.say(gettext_noop("✓ 通过。已证明："))
    voice.say(gettext_noop("✓ 日志“{origin}”用已公布的公钥签署了{size}条的检查点"), origin=head.origin, size=head.size)
    for key in verdict.signers:
        click.echo(f"    {key}")
    voice.say(gettext_noop("✓ 这条访问是该日志的第{index}条（从 0 数起）"), index=verdict.receipt.index)
    voice.say(gettext_noop("✓ 记录与盐符合登记时的承诺值，此后一个字节也没有改动"))
    served = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=record["time_ms"])
    voice.say(
        gettext_noop("  {time}（北京时间），{actor}依授权 {grant} 向{provider}取得 {rows} 行，方式 {kind}"),
        time=served.astimezone(BEIJING).isoformat(" ", "seconds").removesuffix("+08:00"),
        actor=record["actor_dept"],
        provider=record["provider_dept"],
        grant=record["agreement_id"],
        rows=record["rows"],
        kind=record["kind"],
    )


def _check_folder(verdict: Verdict, folder: Path, keys: Path, *, named: bool) -> auditing.AuditReport:
    """Audit the folder and compare; one that was not named may be another log's, which is no failure."""
    assert verdict.receipt is not None  # noqa: S101 - a good verdict carries its receipt
    report = auditing.audit(folder)
    if not named and report.checkpoint.origin != verdict.receipt.checkpoint.origin:
        return report
    try:
        report.checkpoint.verify(parse_keys(keys.read_text("utf-8")))
    except (UnknownKeyError, WrongSignatureError, NoteError) as problem:
        raise errors.FolderAlteredError(file=auditing.CHECKPOINT, problem=unreadable(problem)) from problem
    auditing.check_against(report, verdict.receipt, verdict.leaf)
    return report


def _tell_folder(voice: Voice, verdict: Verdict, report: auditing.AuditReport | None) -> None:
    assert verdict.receipt is not None  # noqa: S101 - a good verdict carries its receipt
    if report is None:
        voice.say(gettext_noop("– 没有核对存证文件夹：只凭回执、记录和公钥。"))
    elif report.checkpoint.origin != verdict.receipt.checkpoint.origin:
        voice.say(
            gettext_noop("– 本机的存证文件夹属于另一个日志“{origin}”，没有用来对照。"), origin=report.checkpoint.origin
        )
    else:
        _tell_audit(voice, report)
        voice.say(gettext_noop("✓ 文件夹延续了回执所属的那棵树，同一序号上就是这片叶子"))


def _tell_audit(voice: Voice, report: auditing.AuditReport) -> None:
    voice.say(
        gettext_noop("✓ 存证文件夹完好：{files}个文件逐字节核对，{size}条叶子算到签署的根"),
        files=report.files,
        size=report.checkpoint.size,
    )
    if report.unpublished:
        voice.say(gettext_noop("  另有{count}条已落盘、等待发布"), count=report.unpublished)


def _tell_limits(voice: Voice, verdict: Verdict, *, own_keys: bool) -> None:
    voice.say(gettext_noop("没有证明："))
    voice.say(gettext_noop("· 登记的内容属实：日志只证明登记了什么、此后没有改动"))
    voice.say(gettext_noop("· 没有漏登记：要由供需双方的台账逐日对账"))
    voice.say(gettext_noop("· 时间：取自登记时日志所在机器的时钟"))
    if verdict.unchecked:
        voice.say(gettext_noop("· 其他签名：{names} 的公钥未提供，没有核对"), names="、".join(verdict.unchecked))
    else:
        voice.say(gettext_noop("· 没有第二份历史：检查点尚无其他部门的见证签名"))
    if own_keys:
        voice.say(gettext_noop("· 公钥属于谁：公钥取自本机文件夹，请与公布渠道的对照，或用 --keys 指定"))


@evidence.command("audit")
@click.argument("folder", type=A_FOLDER, required=False)
@_spoken
def audit_command(voice: Voice, *, folder: Path | None) -> None:
    """核对整个存证文件夹 · check every byte of a log folder."""
    report = auditing.audit(folder or log_folder(jutong_settings.load()))
    _tell_audit(voice, report)
    click.echo(str(report.checkpoint), nl=False)


@evidence.command("backup")
@click.argument("target", type=A_FOLDER)
@click.option("--public", is_flag=True, help="不含访问记录，可以交给任何人 · without records, for anybody")
@_spoken
def backup_command(voice: Voice, *, target: Path, public: bool) -> None:
    """备份存证，运行中也可以 · copy log and records, also while the node runs."""
    settings = jutong_settings.load()
    report = backup(log_folder(settings), target, records=None if public else records_file(settings))
    _tell_audit(voice, report)


@evidence.command("show")
@click.argument("index", type=click.IntRange(min=0))
@click.option("--log", type=A_FOLDER, help="存证文件夹 · log folder; $JUTONG_HOME/evidence")
@_spoken
def show_command(voice: Voice, *, index: int, log: Path | None) -> None:
    """显示一片叶子 · print one leaf, without checking the folder."""
    del voice
    folder = log or log_folder(jutong_settings.load())
    size = auditing.published_checkpoint(folder).size
    if index >= size:
        raise errors.EntryNotFoundError(index=index, size=size)
    try:
        leaf = TileReader(folder, size).entry(index)
    except TileError as problem:
        raise errors.FolderAlteredError(file=problem.path, problem=problem.problem) from problem
    try:
        shown = json.dumps(json.loads(leaf), ensure_ascii=False, indent=2)
    except ValueError:
        shown = repr(leaf)
    click.echo(shown)
    click.echo(f"leaf hash {leaf_hash(leaf).hex()}")


@evidence.command("fingerprint")
@click.argument("file", type=EXISTING_FILE)
@click.option("--report", type=click.Path(path_type=Path), help="写出举报用的线索文件 · write what a report needs")
@click.option("--where", default="", help="发现地点，填了就登记为线索 · where it was found; puts it on record")
@_spoken
def fingerprint_command(voice: Voice, *, file: Path, report: Path | None, where: str) -> None:
    """辨认一个文件是提供给谁的 · tell whom a file was made for.

    在提供文件的节点上运行。退出码 0：认出；1：认不出。
    Run it on the node that made the file. Exit code 0: told; 1: not told.
    """
    from jutong.node.extract.extracts import EXTRACTS
    from jutong.node.extract.finding import source_of
    from jutong.node.service import secret

    settings = jutong_settings.load()
    found = source_of(file, settings.path(*EXTRACTS), secret(settings.path("keys", "node.secret")))
    _tell_source(voice, found.manifest)
    if found.same_bytes:
        voice.say(gettext_noop("✓ 与提供时的文件逐字节相同"))
    voice.say(
        gettext_noop("✓ 行的次序：比较{compared}对，{right}对吻合，偏离偶然{score}个标准差"),
        compared=found.match.compared,
        right=found.match.right,
        score=f"{found.match.score:.1f}",
    )
    told = {
        "record_id": found.manifest["record"],
        "file_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "compared": found.match.compared,
        "right": found.match.right,
        "score": round(found.match.score, 3),
        "same_bytes": found.same_bytes,
    }
    if report is not None:
        report.write_text(json.dumps(told, indent=1), "utf-8")
        voice.say(gettext_noop("线索已写入{file}，可用 POST /api/v1/violations/leaks 举报"), file=report)
    if where:
        voice.say(gettext_noop("已登记为违规线索{number}，待核实"), number=_on_record(told, where))


def _tell_source(voice: Voice, manifest: Mapping[str, Any]) -> None:
    """Say whom a copy was made for: a file called for, or a move."""
    made = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=manifest["time_ms"])
    told = {
        "recipient": manifest["recipient_name"], "code": manifest["recipient"], "entry": manifest["entry_name"],
        "time": made.astimezone(BEIJING).isoformat(" ", "seconds").removesuffix("+08:00"), "rows": manifest["rows"],
        "record": manifest["record"],
    }  # fmt: skip
    if manifest.get("kind") == "move":
        text = gettext_noop("这份数据是为{recipient}（{code}）搬运到“{target}”的")
        voice.say(text, target=manifest["target"], **told)
        text = gettext_noop("  依协议 {agreement}，{time}（北京时间），{entry}，{rows}行，交换作业 {record}")
        voice.say(text, agreement=manifest["agreement"], **told)
        return
    voice.say(
        gettext_noop("这个文件提供给{recipient}（{code}）的“{system}”，经办人{official}"),
        system=manifest["system"],
        official=manifest["official"],
        **told,
    )
    text = gettext_noop("  依授权 {grant}，{time}（北京时间），{entry}，{rows}行，调用记录 {record}")
    voice.say(text, grant=manifest["grant"], **told)


def _on_record(told: dict[str, Any], where: str) -> str:
    """Put a suspicion on record in the center of this machine, and return its number."""
    from jutong.cli.center import center

    with center() as by:
        from jutong.center.supervision import actions

        return actions.report_leak(leak=actions.Leak(**told), where=where, by=by, now=utc_now()).number


@evidence.command("agreement")
@click.argument("file", type=EXISTING_FILE)
@click.option("--keys", type=EXISTING_FILE, help="各部门公布的签署公钥（JSON）· published signing keys")
@_spoken
def agreement_command(voice: Voice, *, file: Path, keys: Path | None) -> None:
    """核验签署的协议 · check a signed agreement.

    退出码 0：成立；1：不成立，并说明哪一步。
    Exit code 0: proven; 1: not proven, naming the step.
    """
    checked = agreements.check(file.read_bytes(), None if keys is None else agreements.read_keys(keys.read_bytes()))
    voice.say(gettext_noop("✓ 通过。已证明："))
    voice.say(
        gettext_noop("✓ {number}第{version}版的文本自签署以来一个字也没有改动，摘要{digest}"),
        number=checked.number,
        version=checked.version,
        digest=checked.digest,
    )
    for row in checked.signatures:
        voice.say(
            gettext_noop("✓ {organisation}，{post}{person}，签署于{at}"),
            organisation=row.organisation,
            post=row.post,
            person=row.person,
            at=row.at,
        )
        if row.in_place_of:
            voice.say(gettext_noop("    代{head}签署，在委托期内"), head=row.in_place_of)
        click.echo(f"    {row.key_id}")
    voice.say(gettext_noop("没有证明："))
    voice.say(gettext_noop("· 时间：取自签署时平台所在机器的时钟"))
    unknown = [row.key_id for row in checked.signatures if not row.is_known_key]
    if unknown:
        voice.say(
            gettext_noop("· 公钥属于谁：{keys} 取自文件本身，请与各部门公布的对照，或用 --keys 指定"),
            keys="、".join(unknown),
        )
