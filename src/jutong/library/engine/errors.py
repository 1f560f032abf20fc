"""What can go wrong between the library's SQL and what runs it."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class EngineUnknownError(JutongError):
    """The setting names no engine."""

    code = "library.engine.unknown"
    http_status = 422
    message = gettext_noop("没有计算引擎“{found}”，允许：duckdb，或 sc://主机:端口。")
    next_step = gettext_noop("请改正 JUTONG_LIBRARY_ENGINE 后重新启动。")


class EngineMissingError(JutongError):
    """The client of Spark Connect is not installed."""

    code = "library.engine.not-installed"
    http_status = 501
    message = gettext_noop("没有安装连接 {found} 所需的 Spark Connect 客户端。")
    next_step = gettext_noop("请安装 jutong[spark]，或把 JUTONG_LIBRARY_ENGINE 改回 duckdb。")


class EngineUnreachableError(JutongError):
    """Nothing answers at the address of the cluster, or it refuses."""

    code = "library.engine.unreachable"
    http_status = 502
    retry_after = 60
    message = gettext_noop("连不上计算引擎 {address}：{reason}。")
    next_step = gettext_noop("请核对地址和集群状态后重试；资源库的数据没有改动。")


class EngineRefusedError(JutongError):
    """The engine refused a statement."""

    code = "library.engine.refused"
    http_status = 500
    message = gettext_noop("计算引擎 {engine} 拒绝了一步计算：{reason}。")
    next_step = gettext_noop("请把错误编号和任务编号告诉平台管理员；资源库里原来的数据没有改动。")


class EngineMemoryError(JutongError):
    """The engine needed more memory than it may take, and the disk could not stand in."""

    code = "library.engine.memory"
    http_status = 507
    message = gettext_noop("计算引擎用完了允许的 {memory_mb} MB 内存。")
    next_step = gettext_noop(
        "请调大 JUTONG_LIBRARY_MEMORY_MB 或临时目录所在磁盘后重新下达；资源库里原来的数据没有改动。"
    )


class TableForeignError(JutongError):
    """A table has features of Delta that would be read wrongly here."""

    code = "library.table.foreign"
    http_status = 409
    message = gettext_noop("表 {table} 带有本平台读不准的特性：{features}。")
    next_step = gettext_noop("请用写入它的程序去掉这些特性（如删除向量、列映射、分区）后重写该表；本次没有读取。")


class TableTouchedError(JutongError):
    """The files of a table are not those its log speaks of."""

    code = "library.table.touched"
    http_status = 409
    message = gettext_noop("表 {table} 的文件 {file} 被别的程序改动或删除：应为 {expected} 字节，实为 {found}。")
    next_step = gettext_noop("请从备份恢复该表，或由数源部门重新归集；上一个完好的版本仍可读取。")
