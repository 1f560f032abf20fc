from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class StepUnfitError(JutongError):
    """The step may not be taken in this state."""

    code = "care.case.state-unfit"
    http_status = 409
    message = gettext_noop("现在是“{state}”，不能办这一步。")
    next_step = gettext_noop("请刷新后查看最新情况。")


class EvolutionBreakingError(JutongError):
    """Whoever reads the table would have to change."""

    code = "care.evolution.breaking"
    http_status = 409
    message = gettext_noop("新版本会让已有的使用方读不了原来的字段：{fields}。")
    next_step = gettext_noop("请保留这些字段，另加新字段或另设一张表，等使用方迁走后再停用旧表。")


class EvolutionEmptyError(JutongError):
    """The new version changes nothing."""

    code = "care.evolution.empty"
    http_status = 422
    message = gettext_noop("“{library}”的新版本与现行版本没有差别。")
    next_step = gettext_noop("请先说明要增加或改变什么。")


class EvolutionOpenError(JutongError):
    """Another change of this library waits for agreement."""

    code = "care.evolution.open"
    http_status = 409
    message = gettext_noop("“{library}”已有一项结构变更在等待同意。")
    next_step = gettext_noop("请先办结或撤回那一项，再提出新的变更。")


class FieldUnfitError(JutongError):
    """A new field is not one."""

    code = "care.evolution.field-unfit"
    http_status = 422
    message = gettext_noop("新增字段不合规：{reason}。")
    next_step = gettext_noop("字段名用小写字母、数字和下划线，数据元要在标准里，名称不能与已有字段相同。")


class SecondPersonError(JutongError):
    """The one who asked may not be the one who agrees."""

    code = "care.case.second-person"
    http_status = 403
    message = gettext_noop("提出的人不能自己同意，须由另一人办理。")
    next_step = gettext_noop("请另一位有权限的同事登录后同意。")


class NotAskedError(JutongError):
    """Nobody asked this department."""

    code = "care.evolution.not-asked"
    http_status = 403
    message = gettext_noop("这项变更不涉及您部门的数据，不需要您同意。")
    next_step = gettext_noop("需要同意的部门列在变更页面上。")


class IdentityNumberError(JutongError):
    """What was typed is no identity number."""

    code = "care.erasure.identity-number"
    http_status = 422
    message = gettext_noop("这不是有效的公民身份号码。")
    next_step = gettext_noop("请核对18位号码；它只会加密后发给节点，不保存在平台。")
