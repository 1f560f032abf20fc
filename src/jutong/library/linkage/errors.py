"""What can be wrong with the rules of a linkage, or with what it is asked to learn from."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class LinkSpecError(JutongError):
    """The rules name a field or a column that does not exist."""

    code = "library.linkage.rules-unusable"
    http_status = 422
    message = gettext_noop("关联规则{spec}不能使用：{place}中的{found}不存在")
    next_step = gettext_noop("请按字段的准备方式核对分块、比较和训练所用的列名，修改后重新发布规则。")


class LinkModelError(JutongError):
    """A model was learnt by other rules than those it is to be used with."""

    code = "library.linkage.model-foreign"
    http_status = 409
    message = gettext_noop("关联模型{model}不是按规则{spec}训练的")
    next_step = gettext_noop("请不带模型重新执行一次全量融合，系统会按现行规则重新训练。")


class LinkUntrainableError(JutongError):
    """There are too few records, or none that agree, to learn from."""

    code = "library.linkage.nothing-to-learn"
    http_status = 422
    message = gettext_noop("数据不足以训练关联模型：{records}条记录中没有可供学习的一致记录")
    next_step = gettext_noop("请先接入更多登记数据，或沿用已有的关联模型。")
