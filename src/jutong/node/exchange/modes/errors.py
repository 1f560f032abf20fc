"""Why rows behind a watermark were not read. In every case the target holds what it held before."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class WatermarkMissingError(JutongError):
    """Rows have no value in the watermark; reading behind it would never find them."""

    code = "node.exchange.watermark-missing"
    http_status = 409
    message = gettext_noop("水位字段 {column} 在来源有 {rows} 行没有值，按水位读取会漏掉这些行。")
    next_step = gettext_noop("请数源部门补上这个字段，或改用“按主键比对”；本次没有搬运任何一行。")


class WatermarkLateError(JutongError):
    """Rows came later with a value that was read already."""

    code = "node.exchange.watermark-late"
    http_status = 409
    message = gettext_noop("水位字段 {column} 的最后一个值又多出 {rows} 行，只追加会漏掉这些行。")
    next_step = gettext_noop("请改用“按主键合并”并设置回看时长，或换一个不重复的水位字段；本次没有搬运任何一行。")


class WatermarkUnfitError(JutongError):
    """The column cannot be a watermark, or its values cannot be gone by."""

    code = "node.exchange.watermark-unfit"
    http_status = 422
    message = gettext_noop("字段 {column} 不能作为水位字段：{problem}。")
    next_step = gettext_noop("请选择只增不减的整数、日期或时间字段；文件和接口没有水位，请改用“按主键比对”。")
