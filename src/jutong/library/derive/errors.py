"""What can go wrong when a table grows out of others."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class DeriveUnfitError(JutongError):
    """A derived table's rules speak of what is not there."""

    code = "library.derive.rules-unfit"
    http_status = 422
    message = gettext_noop("派生表 {table} 的规则不成立：{reason}。")
    next_step = gettext_noop("请改正派生规则后重新下达；已有的派生表没有改动。")


class DeriveSourceError(JutongError):
    """A table that a derived one cannot do without is not there."""

    code = "library.derive.source-missing"
    http_status = 409
    message = gettext_noop("派生表 {table} 需要的表 {source} 还没有数据。")
    next_step = gettext_noop("请先归集并融合该表；已有的派生表没有改动。")
