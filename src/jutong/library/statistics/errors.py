"""Why a question for statistics is not answered."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class StatisticsFieldError(JutongError):
    """The table does not have a field in the form the question needs it."""

    code = "library.statistics.field-unfit"
    http_status = 422
    message = gettext_noop("库表 {table} 的字段 {field} 不能这样统计。")
    next_step = gettext_noop("请回到平台重新选择字段和分组方式。")


class TooManyCellsError(JutongError):
    """The question has more cells than an answer may have."""

    code = "library.statistics.too-many-cells"
    http_status = 422
    message = gettext_noop("这样分组有{found}格以上，一次最多{limit}格。")
    next_step = gettext_noop("请减少分组，或换用更粗的分组方式。")


class DifferencingError(JutongError):
    """The answer, held against one given before, would show few."""

    code = "library.statistics.differencing"
    http_status = 403
    message = gettext_noop(
        "这次统计的范围与本部门{days}天内问过的一次只差不到{floor}个，两次相减就会暴露个体，不予统计。"
    )
    next_step = gettext_noop("请改用与以前相同的范围，或把范围的差别拉大。")


class PopulationSmallError(JutongError):
    """All rows that count are fewer than may be told of."""

    code = "library.statistics.population-small"
    http_status = 403
    message = gettext_noop("符合条件的不到{floor}个，不予统计。")
    next_step = gettext_noop("请放宽条件。")
