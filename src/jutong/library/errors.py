"""What can go wrong with a table of the library."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class TableNameError(JutongError):
    """A name that may not become a folder of the library."""

    code = "library.table.bad-name"
    http_status = 422
    message = gettext_noop("资源库{part}“{found}”不合规，允许：{allowed}。")
    next_step = gettext_noop("请换一个名字后重新下达搬运任务。")


class TableUnknownError(JutongError):
    """There is no such table in the library."""

    code = "library.table.unknown"
    http_status = 404
    message = gettext_noop("资源库里没有表 {table}。")
    next_step = gettext_noop("请先下达搬运任务，或核对表名。")


class TableBusyError(JutongError):
    """Another job is writing the table right now."""

    code = "library.table.busy"
    http_status = 409
    retry_after = 60
    message = gettext_noop("资源库的表 {table} 正由另一个任务写入。")
    next_step = gettext_noop("请等那个任务结束后再下达一次；已有的数据没有改动。")


class DiskFullError(JutongError):
    """The disk of the library took no more bytes."""

    code = "library.disk.full"
    http_status = 507
    message = gettext_noop("资源库所在磁盘写不下了：写到第 {rows} 行时空间或文件大小到了上限。")
    next_step = gettext_noop("请清理或扩大 JUTONG_HOME 所在磁盘后重新下达；资源库里原来的数据没有改动。")


class WriteError(JutongError):
    """The library could not be written, and it was not for lack of space."""

    code = "library.table.write-failed"
    http_status = 500
    message = gettext_noop("资源库的表 {table} 写入失败：{reason}。")
    next_step = gettext_noop("请检查 JUTONG_HOME 所在磁盘和权限后重新下达；资源库里原来的数据没有改动。")


class SchemaDriftError(JutongError):
    """The rows have other columns than the table, and the order does not let the table change."""

    code = "library.merge.schema-drift"
    http_status = 409
    message = gettext_noop("资源库的表 {table} 与这次要写入的字段不同：{columns}。")
    next_step = gettext_noop(
        "请由数据专员核对；同意变更的，在任务中选择“经批准后演进”并列出这些字段；表里的数据没有改动。"
    )


class ModeUnfitError(JutongError):
    """The table keeps history or missed rows and the job would not, or the other way about."""

    code = "library.merge.mode-unfit"
    http_status = 409
    message = gettext_noop("资源库的表 {table} 带有字段 {had}，与这次任务的写入方式不一致。")
    next_step = gettext_noop("请沿用原来的写入方式，或换一个表名；历史数据没有改动。")


class KeyUnfitError(JutongError):
    """A column cannot be part of a key."""

    code = "library.merge.key-unfit"
    http_status = 422
    message = gettext_noop("字段 {column}（{kind}）不能作为合并的主键。")
    next_step = gettext_noop("请选择本次搬运的字段中能唯一确定一行的字段；浮点数不能作主键。")


class KeyMissingError(JutongError):
    """Rows arrived without a key."""

    code = "library.merge.key-missing"
    http_status = 422
    message = gettext_noop("有 {rows} 行的主键（{keys}）没有值，不能合并。")
    next_step = gettext_noop("请给主键字段加上“不能为空”规则以隔离这些行，或请数源部门补正；本次没有写入任何一行。")


class KeyRepeatedError(JutongError):
    """One key arrived more than once."""

    code = "library.merge.key-repeated"
    http_status = 422
    message = gettext_noop("有 {keys_repeated} 个主键（{keys}）在这次读到的数据里不止一行，不能合并。")
    next_step = gettext_noop(
        "请换用能唯一确定一行的主键，或给它加上“不得重复”规则以隔离多出的行；本次没有写入任何一行。"
    )


class MergeDiffersError(JutongError):
    """What a merge made is not what it should be."""

    code = "library.merge.content-differs"
    http_status = 500
    message = gettext_noop("合并后表 {table} 的内容与应有的不一致：应为 {expected}，实为 {found}。")
    next_step = gettext_noop("请检查资源库所在磁盘，或表是否被别的程序改过；没有提交，可改用整表替换重新下达。")


class WorkCancelledError(JutongError):
    """Somebody ended a work before it was done."""

    code = "library.work.cancelled"
    http_status = 409
    message = gettext_noop("这项资源库作业已按要求取消。")
    next_step = gettext_noop("资源库里的数据没有改动；需要时可以重新下达。")
