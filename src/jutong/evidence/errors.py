"""What can go wrong with the evidence log, each with its next step."""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import SOURCE_LANGUAGE, gettext_noop, translate


@dataclass(frozen=True)
class Told:
    """A finding that stands inside an error's sentence and is told in the reader's language with it."""

    message: str
    fields: dict[str, Any] = field(default_factory=dict)

    def tell(self, language: str) -> str:
        """Return the finding in a language."""
        return translate(self.message, language).format(**self.fields)

    def __str__(self) -> str:
        return self.tell(SOURCE_LANGUAGE)


def told(message: str, **fields: Any) -> Told:
    """Return a finding with its fields; ``message`` is marked for translation."""
    return Told(message, fields)


_REFUSALS = {
    errno.ENOSPC: gettext_noop("磁盘已满"),
    errno.EDQUOT: gettext_noop("超出了磁盘配额"),
    errno.EFBIG: gettext_noop("文件超出了允许的大小"),
    errno.EIO: gettext_noop("磁盘读写出错"),
    errno.EROFS: gettext_noop("磁盘是只读的"),
    errno.EACCES: gettext_noop("没有权限"),
    errno.EPERM: gettext_noop("没有权限"),
}


def refusal(problem: Exception) -> Told:
    """Return why the disk, or the record store on it, refused."""
    number = problem.errno if isinstance(problem, OSError) else None
    if isinstance(problem, sqlite3.Error) and getattr(problem, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        number = errno.ENOSPC
    if number in _REFUSALS:
        return told(_REFUSALS[number])
    return told("{detail}", detail=str(problem) or type(problem).__name__)


class EvidenceError(JutongError):
    """Base of the errors of this package: a field may itself be a sentence."""

    def _fill(self, template: str, language: str) -> str:
        fields = {
            name: value.tell(language) if isinstance(value, Told) else value for name, value in self.fields.items()
        }
        try:
            return translate(template, language).format(**fields)
        except KeyError:
            return translate(template, language)


class LogBusyError(EvidenceError):
    """Another process writes this log; one log has one writer."""

    code = "evidence.log.busy"
    http_status = 503
    message = gettext_noop("存证日志“{folder}”正被另一个进程写入，一个日志只能有一个写入者。")
    next_step = gettext_noop("请先停止另一个节点进程，或为这个实例另设 JUTONG_HOME。")


class LogUnwritableError(EvidenceError):
    """The disk refused a write, so nothing of this batch may count as recorded."""

    code = "evidence.log.unwritable"
    http_status = 503
    message = gettext_noop("存证日志写不进磁盘：{reason}。没有留下记录的访问一律不提供数据。")
    next_step = gettext_noop("请腾出磁盘空间或检查磁盘；恢复后日志会自行继续，已确认的记录没有丢失。")
    retry_after = 5


class LogStoppedError(EvidenceError):
    """The log failed before and refuses work until it is reopened."""

    code = "evidence.log.stopped"
    http_status = 503
    message = gettext_noop("存证日志因先前的故障已停止：{reason}。恢复之前不提供数据。")
    next_step = gettext_noop("请排除磁盘故障；日志每秒自行尝试恢复一次。")
    retry_after = 5


class LogOverloadedError(EvidenceError):
    """More entries wait for the disk than the sequencer takes."""

    code = "evidence.log.overloaded"
    http_status = 503
    message = gettext_noop("等待存证的记录已有{waiting}条，超过上限{limit}条。")
    next_step = gettext_noop("请稍后重试；持续出现时请检查磁盘速度。")
    retry_after = 1


class LogClosedError(EvidenceError):
    """The log or its sequencer is closed."""

    code = "evidence.log.closed"
    http_status = 503
    message = gettext_noop("存证日志没有打开。")
    next_step = gettext_noop("请启动节点后重试。")
    retry_after = 5


class LogDamagedError(EvidenceError):
    """What lies on disk contradicts itself; going on would sign a second history."""

    code = "evidence.log.damaged"
    http_status = 503
    message = gettext_noop("存证日志的文件“{file}”与其余部分矛盾：{problem}。为免签出第二份历史，日志拒绝打开。")
    next_step = gettext_noop("请从备份恢复整个存证文件夹，并保留现状供调查。")


class EntryTooLargeError(EvidenceError):
    """An entry is larger than the entry bundle format carries."""

    code = "evidence.entry.too-large"
    http_status = 422
    message = gettext_noop("一条存证有{size}字节，上限是{limit}字节。")
    next_step = gettext_noop("请把细节放进记录，叶子里只留承诺值。")


class RecordInvalidError(EvidenceError):
    """An access record lacks a field or carries a value canonical JSON cannot hold exactly."""

    code = "evidence.record.invalid"
    http_status = 422
    message = gettext_noop("访问记录的字段“{field}”不对：{problem}。")
    next_step = gettext_noop("请补齐字段；值只能是文字、整数、真假、空值及其列表和对象。")


class RecordNotFoundError(EvidenceError):
    """No record has this id, or it was erased."""

    code = "evidence.record.not-found"
    http_status = 404
    message = gettext_noop("没有编号为“{record_id}”的访问记录，或者它已按规定删除。")
    next_step = gettext_noop("请核对编号；记录删除后，日志中的叶子仍然有效，但不再能还原内容。")


class ErasureUnfinishedError(EvidenceError):
    """A record could not be removed everywhere."""

    code = "evidence.record.erasure-unfinished"
    http_status = 503
    message = gettext_noop("编号为“{record_id}”的访问记录还没有删干净：记录库正被另一个程序读取。")
    next_step = gettext_noop("请等备份或查询程序结束后再删一次；删完之前不要告知申请人已删除。")
    retry_after = 30


class EntryNotFoundError(EvidenceError):
    """The log has no entry at this index yet."""

    code = "evidence.entry.not-found"
    http_status = 404
    message = gettext_noop("日志里没有第{index}条，现有{size}条。")
    next_step = gettext_noop("请核对序号；刚写入的记录要等一秒左右才会发布。")


class FolderAlteredError(EvidenceError):
    """The audit found a file that does not say what the signed checkpoint commits to."""

    code = "evidence.folder.altered"
    http_status = 422
    message = gettext_noop("存证文件夹中的“{file}”被改动或损坏：{problem}。")
    next_step = gettext_noop("请保留现状供调查，并与备份或其他部门持有的检查点对照。")


class FolderMissingError(EvidenceError):
    """The folder holds no evidence log."""

    code = "evidence.folder.missing"
    http_status = 404
    message = gettext_noop("“{folder}”不是存证文件夹：{problem}。")
    next_step = gettext_noop("请用 --log 指定存证文件夹，通常是 $JUTONG_HOME/evidence。")


class FolderUnreadableError(EvidenceError):
    """The operating system refuses to let the folder be read."""

    code = "evidence.folder.unreadable"
    http_status = 422
    message = gettext_noop("读不了存证文件夹中的“{file}”：{reason}。因此什么也没有核对。")
    next_step = gettext_noop("请用有读取权限的账号再试，或核对一份完整的副本。")


class BackupTargetError(EvidenceError):
    """A backup never writes over anything."""

    code = "evidence.backup.target-exists"
    http_status = 409
    message = gettext_noop("“{target}”已经存在，备份不会覆盖任何东西。")
    next_step = gettext_noop("请另指定一个还不存在的文件夹。")


class FolderOlderError(EvidenceError):
    """The folder's tree is smaller than the one the receipt was issued from."""

    code = "evidence.folder.older"
    http_status = 422
    message = gettext_noop(
        "存证文件夹只到{folder_size}条，回执来自有{receipt_size}条的日志：文件夹是旧副本，或被截短。"
    )
    next_step = gettext_noop("请取得最新的存证文件夹；如果这就是现用的日志，说明它被回退过。")


class FolderForkedError(EvidenceError):
    """Folder and receipt come from two different histories of one log."""

    code = "evidence.folder.forked"
    http_status = 422
    message = gettext_noop("存证文件夹与回执不是同一份历史：{problem}。")
    next_step = gettext_noop("两者都有日志的签名，这本身就是篡改的证据，请一并保存并报告。")


class ReceiptMalformedError(EvidenceError):
    """The receipt is not readable as a tlog-proof."""

    code = "evidence.receipt.malformed"
    http_status = 422
    message = gettext_noop("回执被改动或不完整。技术细节：{problem}")
    next_step = gettext_noop("请重新取得回执原文，不要经过会改动换行或编码的工具。")


class ReceiptProofError(EvidenceError):
    """The inclusion proof does not lead from the leaf to the signed root."""

    code = "evidence.receipt.proof-wrong"
    http_status = 422
    message = gettext_noop("包含证明不成立：从叶子算不到检查点的根哈希，回执的序号或证明路径被改动。")
    next_step = gettext_noop("请重新取得回执原文；仍不成立时，这份回执不能证明任何事。")


class CheckpointSignatureError(EvidenceError):
    """A known key's signature over the checkpoint is wrong."""

    code = "evidence.checkpoint.signature-wrong"
    http_status = 422
    message = gettext_noop("检查点的签名不对：检查点被改动，或签名被改动。技术细节：{problem}")
    next_step = gettext_noop("请重新取得回执原文，并确认所用的公钥来自可信渠道。")


class CheckpointKeyError(EvidenceError):
    """No signature by a key the verifier knows."""

    code = "evidence.checkpoint.key-unknown"
    http_status = 422
    message = gettext_noop("检查点上没有已知公钥的日志签名。技术细节：{problem}")
    next_step = gettext_noop("请用 --keys 指定日志公布的公钥文件；公钥不符的回执不可采信。")


class KeysMalformedError(EvidenceError):
    """The list of published keys is unreadable."""

    code = "evidence.keys.malformed"
    http_status = 422
    message = gettext_noop("公钥文件被改动或不可用。技术细节：{problem}")
    next_step = gettext_noop("请重新取得公钥文件；每行一个公钥，格式为“名称+标识+base64”。")


class RecordMalformedError(EvidenceError):
    """record.json is not readable as a record with its salt and leaf."""

    code = "evidence.record.malformed"
    http_status = 422
    message = gettext_noop("记录文件被改动或不完整。技术细节：{problem}")
    next_step = gettext_noop("请重新取得记录文件原文。")


class RecordAlteredError(EvidenceError):
    """The record says something else than the leaf in the log."""

    code = "evidence.record.altered"
    http_status = 422
    message = gettext_noop("记录被改动，与日志中的叶子不同的项：{problem}。")
    next_step = gettext_noop("请以日志中的叶子为准，向出具方索取未改动的记录。")


class SaltAlteredError(EvidenceError):
    """The salt is not 32 bytes of base64."""

    code = "evidence.record.salt-altered"
    http_status = 422
    message = gettext_noop("盐被改动。技术细节：{problem}")
    next_step = gettext_noop("请重新取得记录文件原文；没有原来的盐，承诺值无法核对。")


class CommitmentError(EvidenceError):
    """Record and salt together do not give the commitment of the leaf."""

    code = "evidence.record.commitment-wrong"
    http_status = 422
    message = gettext_noop("用记录和盐算出的承诺值与叶子里的不一致：记录内容被改动，或盐被改动。")
    next_step = gettext_noop("请重新取得记录文件原文；仍不一致时，这份记录不是当时登记的那一份。")


class LeafAlteredError(EvidenceError):
    """The leaf beside the record is not the one in the tree."""

    code = "evidence.record.leaf-altered"
    http_status = 422
    message = gettext_noop("记录文件里的叶子被改动，不是日志中的那一片。技术细节：{problem}")
    next_step = gettext_noop("请重新取得记录文件原文。")
