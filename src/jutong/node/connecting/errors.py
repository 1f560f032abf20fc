"""Why a database is not connected. No message repeats a password."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop, translate


class HostsFileError(JutongError):
    """The list of doors cannot be understood."""

    code = "node.hosts.invalid"
    http_status = 500
    message = gettext_noop("节点的放行名单 {path} 有误：{reason}")
    next_step = gettext_noop("请运维人员用 jutong node hosts 查看并改正；改正前不能连接新的数据库。")


class DoorNotAllowedError(JutongError):
    """The node's operator has not allowed this door."""

    code = "node.connect.not-allowed"
    http_status = 403
    message = gettext_noop("本节点没有放行 {door}，不会去连它。")
    next_step = gettext_noop("请运维人员核对后在节点上运行 jutong node hosts allow {door}，再回来重试。")


class NameUnresolvedError(JutongError):
    """Nobody knows the host's name."""

    code = "node.connect.name-unresolved"
    http_status = 422
    message = gettext_noop("节点查不到主机名“{host}”的地址。")
    next_step = gettext_noop("请核对主机名，或直接填写数据库服务器的内网地址。")


class ConnectFailedError(JutongError):
    """The database was not reached, or did not let us in. ``problem`` and ``advice`` are sentences to translate."""

    code = "node.connect.failed"
    http_status = 422
    message = gettext_noop("没有连上：{problem}。")
    next_step = gettext_noop("请{advice}。")

    def _fill(self, template: str, language: str) -> str:
        said = {
            name: translate(str(self.fields[name]), language).format(**self.fields) for name in ("problem", "advice")
        }
        return translate(template, language).format(**{**self.fields, **said})


class SourceTakenError(JutongError):
    """Another source of this node has the name."""

    code = "node.source.taken"
    http_status = 409
    message = gettext_noop("本节点已有名为“{source}”的数据源。")
    next_step = gettext_noop("请换一个名称重新开始；口令在“数据源与挂接”里换，地址请运维人员修改sources.json。")
