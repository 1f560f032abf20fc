"""What can be wrong with a source: its line in the configuration, its server, or what the server shows us."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class SourcesFileError(JutongError):
    """The configuration of sources cannot be understood."""

    code = "node.sources.invalid"
    http_status = 500
    message = gettext_noop("数据源配置文件 {path} 有误：{reason}")
    next_step = gettext_noop("请按 docs/exchange.md 的“数据源”一节改正后重新启动节点；改正前该节点不提供任何数据。")


class SourcesExposedError(JutongError):
    """Others on the machine may read or change the file that holds the departments' passwords."""

    code = "node.sources.exposed"
    http_status = 500
    message = gettext_noop("数据源配置文件 {path} 的权限是 {found}，其中有数据库口令，只允许本人读写（0600）。")
    next_step = gettext_noop("请运行 chmod 600 {path}，并考虑更换其中的口令。")


class SourceUnknownError(JutongError):
    """No source of this name is configured here."""

    code = "node.source.unknown"
    http_status = 404
    message = gettext_noop("本节点没有名为“{source}”的数据源。")
    next_step = gettext_noop("请核对数据源名称；已配置的有：{configured}。")


class SourceUnreachableError(JutongError):
    """The source's database does not let us in. ``reason`` carries no address and no secret."""

    code = "node.source.unreachable"
    http_status = 503
    retry_after = 30
    message = gettext_noop("数据源“{source}”连接不上：{reason}")
    next_step = gettext_noop("请数源部门检查数据库服务、网络和只读账号；恢复后会自动重试。")


class SourceTooLargeError(JutongError):
    """The read-only account sees more tables or columns than an inventory may hold."""

    code = "node.source.too-large"
    http_status = 422
    message = gettext_noop("数据源“{source}”里{what}超过 {limit} 个，清单没有生成。")
    next_step = gettext_noop("请收窄只读账号的权限，或在数据源配置的 schemas 中只列出要共享的模式。")


class TableMissingError(JutongError):
    """The table is not there, or the read-only account may not read it."""

    code = "node.table.missing"
    http_status = 404
    message = gettext_noop("数据源“{source}”里没有表 {table}，或者只读账号不能读它。")
    next_step = gettext_noop("请数源部门核对表名和授权，并在目录中重新挂接。")


class TableUnreadableError(JutongError):
    """The table is listed, but the database refuses to read it. ``reason`` carries no value."""

    code = "node.table.unreadable"
    http_status = 422
    message = gettext_noop("数据源“{source}”的表 {table} 读不出来：{reason}")
    next_step = gettext_noop("请数源部门检查该表或视图是否完好、只读账号对其底层表是否有权。")


class SourceHoldsNoTablesError(JutongError):
    """A table was asked of a source that is a folder or a service."""

    code = "node.source.no-tables"
    http_status = 422
    message = gettext_noop("数据源“{source}”是{dialect}，里面没有数据表。")
    next_step = gettext_noop("请改选数据库类的数据源。")


class PlaceNotAllowedError(JutongError):
    """The node's configuration does not let it knock at this door."""

    code = "node.place.not-allowed"
    http_status = 403
    message = gettext_noop("数据源“{source}”的配置里没有{door}，节点不会去连它。")
    next_step = gettext_noop("请运维人员核对后，把它加进节点sources.json中该数据源的hosts。")


class PlaceUnreachableError(JutongError):
    """Nothing answers at the door, or it answers something else than expected."""

    code = "node.place.unreachable"
    http_status = 503
    message = gettext_noop("{door}没有正常应答：{reason}")
    next_step = gettext_noop("请数源部门检查该服务、网络和健康检查路径；恢复后会自动重试。")


class PeerKeyError(JutongError):
    """The private key this node calls another one with cannot be used."""

    code = "node.peer.key"
    http_status = 500
    message = gettext_noop("数据源“{source}”的签名私钥不能用：{reason}。")
    next_step = gettext_noop("请运维人员用 jutong node caller-key 生成私钥（0600），把公钥登记到对方平台的信息系统。")


class FolderMissingError(JutongError):
    """The folder is not there, may not be read, or leads out of the root."""

    code = "node.folder.missing"
    http_status = 404
    message = gettext_noop("数据源“{source}”下没有可读的文件夹或文件“{path}”。")
    next_step = gettext_noop("请核对路径和节点账号的读权限；链接不得指向根文件夹之外。")
