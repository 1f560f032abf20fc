from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class EntryUnpublishedError(JutongError):
    """条例 20(2): applications are made on the published catalogue."""

    code = "sharing.entry.unpublished"
    http_status = 409
    message = gettext_noop("目录“{entry}”还没有发布，不能申请使用。")
    next_step = gettext_noop("请在已发布的目录里查找；没有需要的数据时，请提出数据需求。")


class NotShareableError(JutongError):
    """条例 14, 15: a law, an administrative regulation or a decision of the State Council forbids sharing it."""

    code = "sharing.entry.not-shareable"
    http_status = 409
    message = gettext_noop("目录“{entry}”属于不予共享，依据是{basis}。")
    next_step = gettext_noop("只需要知道是否一致时，请向提供方申请核验；认为依据不成立的，可以提出争议。")


class OwnDataError(JutongError):
    """A department needs no application for what it holds itself."""

    code = "sharing.entry.own"
    http_status = 409
    message = gettext_noop("目录“{entry}”是本部门自己的数据，不需要申请。")
    next_step = gettext_noop("请在“目录登记”里直接使用或维护这项目录。")


class EntryMovedError(JutongError):
    """The entry was published anew while the draft was being written."""

    code = "sharing.entry.moved-on"
    http_status = 409
    message = gettext_noop("目录“{entry}”已发布第{version}版，申请还依据旧版的信息项。")
    next_step = gettext_noop("请打开申请，按新版重新选择信息项后再提请同意。")


class SamePersonError(JutongError):
    """Two steps that must be taken by two people."""

    code = "sharing.person.same"
    http_status = 409
    message = gettext_noop("{first}和{second}不能是同一个人，{first}的是{name}。")
    next_step = gettext_noop("请由另一位有该岗位的人办理。")


class SupplementTwiceError(JutongError):
    """条例 21(2): what is missing is told once and completely."""

    code = "sharing.supplement.twice"
    http_status = 409
    message = gettext_noop("这件申请已在{sent_on}退回补正过一次，法规只允许一次性告知。")
    next_step = gettext_noop("请依据现有材料作出答复，或在申请单里留言询问。")


class ExtensionTwiceError(JutongError):
    """条例 21(1): one extension of at most ten working days."""

    code = "sharing.extension.twice"
    http_status = 409
    message = gettext_noop("这件申请已申请过延长答复期限。")
    next_step = gettext_noop("请在现有期限内答复。")


class ExtensionTooLongError(JutongError):
    """条例 21(1): at most ten working days."""

    code = "sharing.extension.too-long"
    http_status = 422
    message = gettext_noop("延长{days}个工作日不在允许的1到{limit}个工作日之内。")
    next_step = gettext_noop("请改为{limit}个工作日以内。")


class NoExtensionError(JutongError):
    """There is no request for more time that still waits for a decision."""

    code = "sharing.extension.none"
    http_status = 409
    message = gettext_noop("这件申请没有待决定的延长申请。")
    next_step = gettext_noop("请刷新页面；提供方提出延长后才能决定。")


class UnconditionalRefusedError(JutongError):
    """条例 14, 21: what is shared without conditions is not refused."""

    code = "sharing.reply.unconditional-refused"
    http_status = 409
    message = gettext_noop("“{entry}”是无条件共享，不能答复不同意，也不能减少申请的信息项。")
    next_step = gettext_noop("请答复同意；材料不全的，可以退回补正一次。")


class ConsentMissingError(JutongError):
    """条例 20: both 工作机构负责人 must have consented."""

    code = "sharing.consent.missing"
    http_status = 409
    message = gettext_noop("缺少{side}工作机构负责人的同意，不能授权。")
    next_step = gettext_noop("请先由{side}的工作机构负责人办理同意。")


class GrantOverlapError(JutongError):
    """One system holds one running grant per entry."""

    code = "sharing.grant.overlap"
    http_status = 409
    message = gettext_noop("系统“{system}”对“{entry}”已有授权{number}，期限重叠。")
    next_step = gettext_noop("请先让原授权到期或停用，再办理新的申请。")


class GrantNotUsableError(JutongError):
    """A grant that cannot be tried now."""

    code = "sharing.grant.not-usable"
    http_status = 409
    message = gettext_noop("授权{number}现在是“{state}”，不能使用。")
    next_step = gettext_noop("请在授权页面查看原因；已到期的请重新申请。")


class GrantExpiredError(JutongError):
    """The time of use is over."""

    code = "sharing.grant.expired"
    http_status = 409
    message = gettext_noop("授权{number}已在{until}到期。")
    next_step = gettext_noop("仍需使用的，请以原申请为样本提出新的申请。")


class RemindedError(JutongError):
    """One reminder a day."""

    code = "sharing.reminder.too-soon"
    http_status = 429
    message = gettext_noop("今天已经催办过一次。")
    next_step = gettext_noop("请明天再催，或在申请单里留言。")
    retry_after = 3600


class SystemWithoutKeyError(JutongError):
    """A node answers a system by its keys; this one has none."""

    code = "sharing.system.keyless"
    http_status = 409
    message = gettext_noop("系统“{system}”还没有登记公钥，节点不接受它的调用。")
    next_step = gettext_noop("请平台安全管理员在“机构与系统”里为它登记公钥，然后再试。")


class ShareWayMissingError(JutongError):
    """A grant for single rows opens no whole table."""

    code = "sharing.grant.no-share-way"
    http_status = 409
    message = gettext_noop("授权{number}的共享方式是“{way}”，不能整表读取。")
    next_step = gettext_noop("需要用Delta Sharing读取的，请以“文件下载”“批量交换”或“变化订阅”方式另行申请。")


class DelegationOverlapError(JutongError):
    """A head has one delegate at a time, so that it is always known who consents."""

    code = "sharing.delegation.overlap"
    http_status = 409
    message = gettext_noop("{since}到{until}之间已有代办人，同一时间只能有一位。")
    next_step = gettext_noop("请先收回原来的委托，或改换日期。")


class DelegationOverError(JutongError):
    """What ended is not ended again."""

    code = "sharing.delegation.over"
    http_status = 409
    message = gettext_noop("这项委托已经收回。")
    next_step = gettext_noop("请刷新页面。")


class DutyTakenError(JutongError):
    """A code names one open duty of an organisation."""

    code = "sharing.duty.taken"
    http_status = 409
    message = gettext_noop("职责编号{code}已经登记。")
    next_step = gettext_noop("请换一个编号；职责有变化的，先停用原来的再登记。")


class DutyClosedError(JutongError):
    """What is closed is not closed again."""

    code = "sharing.duty.closed"
    http_status = 409
    message = gettext_noop("职责{code}已经停用。")
    next_step = gettext_noop("请刷新页面；仍需使用的，请重新登记。")


class RenewalOpenError(JutongError):
    """One renewal of a grant at a time."""

    code = "sharing.renewal.open"
    http_status = 409
    message = gettext_noop("授权{number}已有续期申请{renewal}。")
    next_step = gettext_noop("请继续办理那一件；不再需要的，先撤回。")


class NotRenewableError(JutongError):
    """Only a grant that still runs is renewed; what ended is applied for anew."""

    code = "sharing.renewal.ended"
    http_status = 409
    message = gettext_noop("授权{number}已经结束，不能续期。")
    next_step = gettext_noop("请以原申请为样本提出新的申请。")


class IdleNotAskedError(JutongError):
    """Nobody asked about this grant."""

    code = "sharing.idle.not-asked"
    http_status = 409
    message = gettext_noop("授权{number}没有待说明的闲置询问。")
    next_step = gettext_noop("请刷新页面；不再需要的授权可以直接终止使用。")


class NotVerifyOnlyError(JutongError):
    """Only what shows nothing is decided in a batch."""

    code = "sharing.batch.not-verify-only"
    http_status = 409
    message = gettext_noop("申请{number}不是仅核验，不能批量办理。")
    next_step = gettext_noop("请打开这件申请，逐项看过再办理。")
