"""What can go wrong while an instance is started, watched or stopped, each with its next step."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class BundleMissingError(JutongError):
    """The PostgreSQL programs of the wheel are not installed."""

    code = "runtime.postgres.missing"
    message = gettext_noop("找不到内置的 PostgreSQL 程序：{looked}。")
    next_step = gettext_noop("请运行 make install 补齐依赖，或设置 JUTONG_DATABASE_URL 使用外部 PostgreSQL。")


class ServerUserError(JutongError):
    """PostgreSQL must not run as root and no other user can be used."""

    code = "runtime.postgres.no-user"
    message = gettext_noop("PostgreSQL 不能以 root 身份运行，也无法改用用户“{user}”：{reason}。")
    next_step = gettext_noop("请用普通用户启动平台，或把数据文件夹（JUTONG_HOME）和程序放到该用户可以进入的位置。")


class PostgresStartError(JutongError):
    """The embedded server did not come up."""

    code = "runtime.postgres.start-failed"
    message = gettext_noop("内置数据库没有启动：{reason}。")
    next_step = gettext_noop("请查看日志 {log}；数据没有改动，排除原因后重新启动即可。")


class PostgresVersionError(JutongError):
    """The data folder was written by another major version."""

    code = "runtime.postgres.other-version"
    message = gettext_noop("登记库由 PostgreSQL {found} 建立，当前程序是 {running}，不能直接打开。")
    next_step = gettext_noop("请按运维手册“升级”一节，用原版本导出后再导入新版本。")


class PostgresStopError(JutongError):
    """The embedded server would not stop."""

    code = "runtime.postgres.stop-failed"
    message = gettext_noop("内置数据库（进程 {pid}）没有在 {seconds} 秒内停下。")
    next_step = gettext_noop("请查看日志 {log}，确认没有长时间运行的查询后再停一次。")


class DatabaseNameError(JutongError):
    """A database or role name is not a plain lower-case identifier."""

    code = "runtime.postgres.bad-name"
    http_status = 422
    message = gettext_noop(
        "数据库或角色名“{name}”不合规：只允许小写字母开头，由小写字母、数字和下划线组成，至多 63 个。"
    )
    next_step = gettext_noop("请换一个名字。")


class DiskFullError(JutongError):
    """There is too little room to start or to go on safely."""

    code = "runtime.disk.full"
    http_status = 507
    message = gettext_noop("数据文件夹 {path} 所在磁盘只剩 {free_mb} MB，启动至少需要 {needed_mb} MB。")
    next_step = gettext_noop("请清理磁盘，或把 JUTONG_HOME 移到更大的磁盘；已有数据没有改动。")


class HomeError(JutongError):
    """The data folder cannot be used."""

    code = "runtime.home.unusable"
    message = gettext_noop("数据文件夹 {path} 不能使用：{reason}。")
    next_step = gettext_noop("请改正权限，或用 JUTONG_HOME 指定另一个文件夹。")


class NotAHomeError(JutongError):
    """A folder without our marker is never deleted or filled."""

    code = "runtime.home.not-ours"
    http_status = 409
    message = gettext_noop("{path} 里有其他内容，没有聚通的标记文件 {marker}，不会当作数据文件夹使用或清除。")
    next_step = gettext_noop("请核对 JUTONG_HOME；新实例请指定一个空文件夹。")


class AlreadyRunningError(JutongError):
    """Another supervisor holds the data folder."""

    code = "runtime.instance.already-running"
    http_status = 409
    message = gettext_noop("数据文件夹 {path} 的平台已在运行（进程 {pid}）。")
    next_step = gettext_noop(
        "用 jutong status 查看，用 jutong down 停止；要另开一个实例，请设置 JUTONG_HOME 和 JUTONG_PORT。"
    )


class NotRunningError(JutongError):
    """A command needs a running platform."""

    code = "runtime.instance.not-running"
    http_status = 409
    message = gettext_noop("数据文件夹 {path} 的平台没有运行。")
    next_step = gettext_noop("请先运行 jutong up。")


class PortInUseError(JutongError):
    """A port the instance needs is taken."""

    code = "runtime.port.in-use"
    http_status = 409
    message = gettext_noop("端口 {port}（{what}）已被占用。")
    next_step = gettext_noop("请停掉占用它的程序，或换一个端口，例如：JUTONG_PORT={suggestion} jutong up。")


class PortForbiddenError(JutongError):
    """The address or port cannot be listened on."""

    code = "runtime.port.refused"
    message = gettext_noop("不能在 {host} 的端口 {port}（{what}）上监听：{reason}。")
    next_step = gettext_noop("请检查 JUTONG_HOST 和 JUTONG_PORT；1024 以下的端口通常需要更高权限。")


class ChildNotReadyError(JutongError):
    """A process ended or gave no sign of life while the platform was starting."""

    code = "runtime.process.not-ready"
    message = gettext_noop("进程“{name}”没有就绪：{reason}。")
    next_step = gettext_noop("请查看日志 {log}；排除原因后重新启动。")


class StopTimeoutError(JutongError):
    """The supervisor did not end in time."""

    code = "runtime.instance.stop-timeout"
    message = gettext_noop("平台（进程 {pid}）没有在 {seconds} 秒内停下。")
    next_step = gettext_noop("请查看日志 {log} 后再试；数据库会在下次启动时自行恢复。")


class PreparationError(JutongError):
    """The registry's tables could not be brought up to date."""

    code = "runtime.registry.preparation-failed"
    message = gettext_noop("登记库没有准备好：{reason}。")
    next_step = gettext_noop("请查看日志 {log}；每一步升级要么全部完成、要么没有发生，排除原因后重新启动即可。")


class DatabaseUnreachableError(JutongError):
    """The external registry does not answer."""

    code = "runtime.registry.unreachable"
    http_status = 503
    message = gettext_noop("连接不上外部登记库：{reason}。")
    next_step = gettext_noop("请检查 JUTONG_DATABASE_URL、网络和数据库服务后重新启动。")


class DatabaseVersionError(JutongError):
    """The external registry is too old."""

    code = "runtime.registry.too-old"
    message = gettext_noop("外部登记库是 PostgreSQL {found}，平台需要 15 或更新的版本。")
    next_step = gettext_noop("请升级数据库后重新启动。")


class DetachedStartError(JutongError):
    """The instance in the background ended before it was ready."""

    code = "runtime.instance.start-failed"
    message = gettext_noop("平台没有启动：\n{said}")
    next_step = gettext_noop("完整输出见 {log}。")


class HomeForbiddenError(JutongError):
    """The instance belongs to another user of the machine."""

    code = "runtime.home.forbidden"
    http_status = 403
    message = gettext_noop("没有权限读写 {path}。")
    next_step = gettext_noop("请用启动平台的那个用户运行本命令。")
