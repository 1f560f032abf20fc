"""What can go wrong before a row is standardised."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class FeedUnfitError(JutongError):
    """A feed names a column or a field that is not there, or a column that has no text."""

    code = "library.feed.unfit"
    http_status = 409
    message = gettext_noop("数据来源 {feed} 用到的“{what}”不存在或不能使用，现有：{allowed}。")
    next_step = gettext_noop("请由数据专员按归集表现在的字段改正对应关系后重新确认。")
