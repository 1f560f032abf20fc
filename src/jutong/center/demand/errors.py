"""What can go wrong between a need and the data that meets it."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class DemandJoinedError(JutongError):
    """The department stated the need or joined it before."""

    code = "demand.demand.joined"
    http_status = 409
    message = gettext_noop("{organisation}已经在需求{number}里了。")
    next_step = gettext_noop("不用再办；需求有进展时会通知您。")


class DemandNotJoinedError(JutongError):
    """Only departments that stated or joined the need take this step."""

    code = "demand.demand.not-joined"
    http_status = 409
    message = gettext_noop("{organisation}还没有参加需求{number}。")
    next_step = gettext_noop("请先点“我也要”，再办这一步。")


class HolderIsRequesterError(JutongError):
    """A need is not assigned to the department that has it."""

    code = "demand.demand.holder-is-requester"
    http_status = 422
    message = gettext_noop("需求{number}是{organisation}提出或参加的，不能派给它自己。")
    next_step = gettext_noop("请派给被认为持有数据的另一个部门。")


class HolderUnknownError(JutongError):
    """The presumed holder has to be a department the authority may ask."""

    code = "demand.demand.holder-unknown"
    http_status = 422
    message = gettext_noop("“{code}”不是本区划或下级区划在用的部门，不能派发。")
    next_step = gettext_noop("请从列出的部门中选；数据在上级部门的，请转报上级主管部门。")


class MergeTargetError(JutongError):
    """A need is merged into another one that is still open."""

    code = "demand.demand.merge-target"
    http_status = 409
    message = gettext_noop("需求{number}不能并入{other}：它不存在、已结束，或就是同一条。")
    next_step = gettext_noop("请选一条还在办的同类需求。")


class NoSuperiorError(JutongError):
    """There is no authority above this one on the platform."""

    code = "demand.demand.no-superior"
    http_status = 409
    message = gettext_noop("{division}以上没有登记主管部门，需求{number}不能转报。")
    next_step = gettext_noop("请派发给本区划的部门，或写明理由办结。")


class EntryNotOfHolderError(JutongError):
    """A holder answers a need with a published entry of its own."""

    code = "demand.demand.entry-not-holders"
    http_status = 422
    message = gettext_noop("“{entry}”不是本部门已发布的目录，不能说需求{number}已编目。")
    next_step = gettext_noop("请填写本部门已发布的目录代码。")


class AlreadyReliedOnError(JutongError):
    """Somebody applied for the entry on the strength of this need."""

    code = "demand.demand.relied-on"
    http_status = 409
    message = gettext_noop("已有部门按需求{number}对应的目录提出申请，不能改为不合用。")
    next_step = gettext_noop("请先撤回申请，或另提一条需求。")


class AppliedTwiceError(JutongError):
    """One application a department for a need, while it goes on."""

    code = "demand.demand.applied-twice"
    http_status = 409
    message = gettext_noop("{organisation}已为需求{number}提出申请{application}。")
    next_step = gettext_noop("请在原申请上继续办理。")


class OwnDemandDataError(JutongError):
    """The entry is the asking department's own."""

    code = "demand.demand.own-entry"
    http_status = 422
    message = gettext_noop("“{entry}”是{organisation}自己的目录，不能用来对应它的需求。")
    next_step = gettext_noop("请选其他部门的目录。")
