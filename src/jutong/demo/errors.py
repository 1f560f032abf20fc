from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class DemoDatabaseError(JutongError):
    """A department's demonstration database cannot be made. ``reason`` never holds an address or a password."""

    code = "demo.database.unavailable"
    http_status = 503
    message = gettext_noop("演示数据库“{source}”建不起来：{reason}。")
    next_step = gettext_noop("请检查数据库账号能否新建数据库和角色、磁盘是否有空间，然后重新启动。")
