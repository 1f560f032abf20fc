"""Why a serving copy was not brought up. In every case it still holds what it held before."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class CopyTakenError(JutongError):
    """There is a table of that name which no copy of ours made."""

    code = "node.copy.name-taken"
    http_status = 409
    message = gettext_noop("数据源“{source}”里已有一张不是服务副本的表 {table}。")
    next_step = gettext_noop("请给服务副本换一个表名，或由数据库管理员移走那张表；它没有被改动。")


class CopyDiffersError(JutongError):
    """What lies in the database is not what was sent."""

    code = "node.copy.differs"
    http_status = 500
    message = gettext_noop("服务副本 {table} 与资源库对不上：应为{expected}，实为{found}。")
    next_step = gettext_noop("请检查目标数据库的触发器和约束后重做；副本没有提交，仍是原来的内容。")


class CopyColumnError(JutongError):
    """The library's table lacks columns the copy is to be keyed or found by."""

    code = "node.copy.column-missing"
    http_status = 422
    message = gettext_noop("资源库的表 {table} 没有字段 {columns}，服务副本不能按它们建索引。")
    next_step = gettext_noop("请核对库表定义中的主键和查询字段。")
