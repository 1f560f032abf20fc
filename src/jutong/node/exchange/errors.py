"""Why a move did not happen. In every case the library still holds what it held before."""

from __future__ import annotations

from jutong.contracts.receipts import RuleCount
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class OrderUnfitError(JutongError):
    """The order asks for something no job can be."""

    code = "node.exchange.order-unfit"
    http_status = 422
    message = gettext_noop("搬运任务的{what}不合规：{found}。")
    next_step = gettext_noop("请由数据专员核对挂接信息后重新下达任务。")


class ColumnsChangedError(JutongError):
    """The table no longer has the columns it was bound with."""

    code = "node.exchange.columns-changed"
    http_status = 409
    message = gettext_noop("数据源“{source}”的表 {table} 变了：{change}。")
    next_step = gettext_noop("请数源部门确认表结构，在目录中重新挂接后再下达任务。")


class TypeUnsupportedError(JutongError):
    """A column's type has no faithful form in the library."""

    code = "node.exchange.type-unsupported"
    http_status = 422
    message = gettext_noop("表 {table} 的这些字段类型不能如实搬运：{columns}。")
    next_step = gettext_noop("请不要挂接这些字段，或请数源部门提供把它们转成文本或数值的视图。")


class ValueUnfitError(JutongError):
    """A value cannot be what its column says it is. The value itself is not repeated."""

    code = "node.exchange.value-unfit"
    http_status = 422
    message = gettext_noop("字段 {column}（{kind}）里有不能如实搬运的值：{problem}。")
    next_step = gettext_noop("请数源部门改正这些值，或提供已处理好的视图；本次没有搬运任何一行。")


class SourceLostError(JutongError):
    """The source broke off while it was being read."""

    code = "node.exchange.source-lost"
    http_status = 503
    message = gettext_noop("读到第 {rows} 行时数据源“{source}”中断：{reason}。")
    next_step = gettext_noop("请数源部门检查数据库服务和网络，恢复后重新下达任务；没有搬运任何一行。")


class RowsDifferError(JutongError):
    """The source counts other rows than it handed over."""

    code = "node.exchange.rows-differ"
    http_status = 409
    message = gettext_noop("数据源“{source}”同一时刻计数为 {counted} 行，读到 {read} 行，两者不符。")
    next_step = gettext_noop("请重新下达任务；表若不支持事务，请在没有写入的时段搬运。")


class ContentDiffersError(JutongError):
    """What lies on the disk is not what was read."""

    code = "node.exchange.content-differs"
    http_status = 500
    message = gettext_noop("写入后回读的内容与读到的不一致：读到 {source_digest}，落盘 {target_digest}。")
    next_step = gettext_noop("请检查资源库所在磁盘；这批数据没有提交，请在修复后重新下达任务。")


class WorkerLostError(JutongError):
    """The process of a job died again and again."""

    code = "node.exchange.worker-lost"
    http_status = 500
    message = gettext_noop("搬运进程连续 {attempts} 次意外中止（最后的退出状态 {status}）。")
    next_step = gettext_noop("请查看任务日志，确认内存和磁盘充足后重新下达任务；没有搬运任何一行。")


class JobCancelledError(JutongError):
    """Somebody ended the job before it was done."""

    code = "node.exchange.cancelled"
    http_status = 409
    message = gettext_noop("任务已按要求取消，没有搬运任何一行。")
    next_step = gettext_noop("需要时可以重新下达。")


class JobUnknownError(JutongError):
    """No job of this id is known here."""

    code = "node.exchange.job-unknown"
    http_status = 404
    message = gettext_noop("本节点没有编号为 {job_id} 的搬运任务。")
    next_step = gettext_noop("请用 jutong node jobs 查看已有的任务。")


class RuleLimitError(JutongError):
    """A rule was broken more often than it may be."""

    code = "node.exchange.rule-limit"
    http_status = 422
    message = gettext_noop("字段 {column} 不合规则“{rule}”的已有 {rows} 行，最多允许 {limit} 行，任务停止。")
    next_step = gettext_noop(
        "请在节点上用 jutong exchange list {job_id} 查看不合的行；改正后重新下达，本次没有搬运任何一行。"
    )

    def __init__(self, counted: tuple[RuleCount, ...] = (), **fields: object) -> None:
        self.counted = counted
        super().__init__(**fields)


class TotalsDifferError(JutongError):
    """The rows read are not those written, set aside and skipped."""

    code = "node.exchange.totals-differ"
    http_status = 500
    message = gettext_noop(
        "读到 {read} 行，写入 {written} 行、隔离 {quarantined} 行、按规则略过 {skipped} 行，合计不符。"
    )
    next_step = gettext_noop("请检查节点所在磁盘；这批数据没有提交，请在修复后重新下达任务。")


class RowUnknownError(JutongError):
    """No row of this name is in the quarantine."""

    code = "node.exchange.row-unknown"
    http_status = 404
    message = gettext_noop("任务 {job_id} 的隔离区里没有第 {row} 行。")
    next_step = gettext_noop("请用 jutong exchange list {job_id} 查看隔离的行。")


class RowDecidedError(JutongError):
    """The row was already written or is being written."""

    code = "node.exchange.row-decided"
    http_status = 409
    message = gettext_noop("隔离的第 {row} 行已经写回资源库，不能再改。")
    next_step = gettext_noop("请在来源改正后重新下达搬运任务。")


class FixUnfitError(JutongError):
    """What a row should be changed to is no value of its column."""

    code = "node.exchange.fix-unfit"
    http_status = 422
    message = gettext_noop("字段 {column} 没有这样的值可填，应为 {kind}。")
    next_step = gettext_noop("请核对字段名和值的写法后再改。")


class ReplayElsewhereError(JutongError):
    """What a job delivered has left: nothing can be added to it."""

    code = "node.exchange.replay-elsewhere"
    http_status = 409
    message = gettext_noop("已送到“{target}”的文件或消息不能再补行。")
    next_step = gettext_noop("请在来源改正，下一次运行会带上；不改的请作废。")


class ReplayTooLateError(JutongError):
    """The table is no longer what the job made of it."""

    code = "node.exchange.replay-too-late"
    http_status = 409
    message = gettext_noop("资源库的表 {table} 已经不是任务 {job_id} 搬来的内容，隔离的行不能再写回。")
    next_step = gettext_noop("请处理最近一次搬运任务的隔离区；这个任务的可以作废。")
