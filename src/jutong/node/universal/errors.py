"""What can be wrong with a database that is read through a driver of its maker."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class RefusedError(Exception):
    """A driver or its database refused something; inside the node only.

    ``state`` is the SQLSTATE, empty where the driver has none, ``native`` the product's own number. The text is kept
    to tell causes apart and is never shown: it may repeat a value.
    """

    def __init__(self, state: str, native: int, text: str) -> None:
        self.state = state
        self.native = native
        self.text = text
        super().__init__(f"{state or '-'} {native}")


class TextGarbledError(JutongError):
    """The driver does not hand over Chinese as it is stored."""

    code = "node.source.text-garbled"
    http_status = 422
    message = gettext_noop("数据源“{source}”的驱动没有如实交出汉字：节点要的一个字，取回来变了样。")
    next_step = gettext_noop("请运维人员核对驱动的字符集设置（须为Unicode）和sources.json中的driver，改好后重试。")


class KeyWantedError(JutongError):
    """The driver would hold the whole table in memory, and no key divides it."""

    code = "node.source.key-wanted"
    http_status = 422
    message = gettext_noop(
        "表 {table} 有 {rows} 行，没有整数主键，而这个驱动会把查询结果全部放进内存，最多读 {limit} 行。"
    )
    next_step = gettext_noop("请数源部门给表加整数主键，或改用能逐批取数的驱动；没有搬运任何一行。")


class SnapshotMissingError(JutongError):
    """The database offers no reading at one moment, or not to this account."""

    code = "node.source.no-snapshot"
    http_status = 422
    message = gettext_noop("数据源“{source}”不能按同一时刻读取：数据库没有打开快照隔离。")
    next_step = gettext_noop("请数据库管理员运行：{statement}（在线生效），或提供一份只读副本；没有搬运任何一行。")
