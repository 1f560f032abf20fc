"""What the gateway refuses and why, each with the next step. Messages never repeat a value a caller looked up."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop, translate


class ExplainedError(JutongError):
    """Base of errors whose ``problem`` is itself a sentence to translate, filled from the other fields."""

    def _fill(self, template: str, language: str) -> str:
        problem = translate(str(self.fields["problem"]), language).format(**self.fields)
        return translate(template, language).format(**{**self.fields, "problem": problem})


class SignatureMissingError(JutongError):
    """The request carries no signature headers."""

    code = "node.signature.missing"
    http_status = 401
    message = gettext_noop("请求没有签名：缺少请求头{header}。")
    next_step = gettext_noop("请按接口文档“请求签名”一节（RFC 9421）签名后重发。")


class SignatureMalformedError(ExplainedError):
    """The signature headers are not in the one form the gateway reads."""

    code = "node.signature.malformed"
    http_status = 401
    message = gettext_noop("签名请求头的写法不对：{problem}。")
    next_step = gettext_noop("请按接口文档“请求签名”一节核对标签、覆盖项和参数。")


class KeyUnknownError(JutongError):
    """No grant on this node names the key."""

    code = "node.signature.key-unknown"
    http_status = 401
    message = gettext_noop("本节点不认识签名公钥“{key_id}”。")
    next_step = gettext_noop("请确认该公钥已登记在有授权的信息系统下；刚登记的，请等授权下达到节点后重试。")


class SystemUnknownError(JutongError):
    """No grant on this node names the information system."""

    code = "node.caller.system-unknown"
    http_status = 401
    message = gettext_noop("本节点没有给信息系统“{system}”的授权。")
    next_step = gettext_noop("请在平台“我的授权”中确认授权已下达到本节点，并核对节点登记的系统编号。")


class SignatureWrongError(JutongError):
    """The signature does not fit the request as it arrived."""

    code = "node.signature.wrong"
    http_status = 401
    message = gettext_noop("签名与收到的请求不符；本网关对外的地址是{address}。")
    next_step = gettext_noop("请核对私钥、请求地址和方法，请求在途中不能被改动。")


class BodyChangedError(JutongError):
    """The body is not the one the digest stands for."""

    code = "node.signature.body-changed"
    http_status = 401
    message = gettext_noop("请求正文与签名中的摘要不符，正文被改动过。")
    next_step = gettext_noop("请用原始正文重新计算Content-Digest并签名。")


class SignatureStaleError(JutongError):
    """The signature was made too long ago, or in the future."""

    code = "node.signature.stale"
    http_status = 401
    message = gettext_noop("签名时间与节点时钟相差{seconds}秒，只允许{limit}秒以内。")
    next_step = gettext_noop("请校准系统时钟，每次调用都重新签名。")


class ReplayedError(JutongError):
    """The same signed request came before."""

    code = "node.signature.replayed"
    http_status = 409
    message = gettext_noop("这个请求已经处理过，重放的请求一律拒绝。")
    next_step = gettext_noop("请换一个新的随机数（nonce）重新签名后再调用。")


class NonceStoreFullError(JutongError):
    """More calls in ten minutes than replay protection can remember; refusing is the safe side."""

    code = "node.signature.nonces-full"
    http_status = 503
    retry_after = 60
    message = gettext_noop("十分钟内的调用超过{limit}次，节点无法再保证拒绝重放，暂停受理。")
    next_step = gettext_noop("请稍后重试；长期如此，请增加节点分担。")


class CenterStaleError(JutongError):
    """The node has not heard from the center lately, so it may not know of a suspension."""

    code = "node.center.stale"
    http_status = 503
    retry_after = 5
    message = gettext_noop("节点超过{limit}秒没有收到中心的确认，可能不知道最新的暂停或撤销，因此拒绝一切调用。")
    next_step = gettext_noop("请稍后重试；节点恢复与中心的联系后自动恢复。")


class GrantUnknownError(JutongError):
    """No such grant, or not one of this caller's: the two are not told apart."""

    code = "node.grant.unknown"
    http_status = 403
    message = gettext_noop("没有编号为“{grant}”的授权，或者该授权不属于您的系统。")
    next_step = gettext_noop("请在平台“我的授权”中核对授权编号和登记的信息系统。")


class GrantNotReadyError(JutongError):
    """The grant has reached the node but its table has not been tried successfully."""

    code = "node.grant.not-ready"
    http_status = 503
    retry_after = 10
    message = gettext_noop("授权“{grant}”已下达，但数源部门的表还没有试通。")
    next_step = gettext_noop("请稍后重试；超过一个工作日仍如此，请联系数源部门检查挂接。")


class GrantNotYetError(JutongError):
    """The grant begins later."""

    code = "node.grant.not-yet"
    http_status = 403
    message = gettext_noop("授权“{grant}”自{since}起生效，现在还不能使用。")
    next_step = gettext_noop("请在生效之后调用。")


class GrantExpiredError(JutongError):
    """The grant's time is over."""

    code = "node.grant.expired"
    http_status = 403
    message = gettext_noop("授权“{grant}”已于{until}到期。")
    next_step = gettext_noop("仍需使用的，请在平台上重新申请。")


class GrantSuspendedError(JutongError):
    """The provider or the authority stopped the grant for the time being."""

    code = "node.grant.suspended"
    http_status = 403
    message = gettext_noop("授权“{grant}”已被暂停：{reason}")
    next_step = gettext_noop("请联系数源部门了解原因；恢复后即可继续调用。")


class GrantRevokedError(JutongError):
    """The grant was taken back for good."""

    code = "node.grant.revoked"
    http_status = 403
    message = gettext_noop("授权“{grant}”已被撤销：{reason}")
    next_step = gettext_noop("请停止调用；仍需使用的，请在平台上重新申请。")


class WayNotGrantedError(JutongError):
    """The grant does not cover this way of use."""

    code = "node.grant.way-not-granted"
    http_status = 403
    message = gettext_noop("授权“{grant}”不含“{way}”方式，允许的是：{allowed}。")
    next_step = gettext_noop("请改用已授权的方式，或申请增加方式。")


class PurposeDiffersError(JutongError):
    """The call names another purpose than the grant."""

    code = "node.call.purpose-differs"
    http_status = 403
    message = gettext_noop("调用声明的用途与授权“{grant}”的用途不一致，授权用途是“{allowed}”。")
    next_step = gettext_noop("只能按授权用途使用；用途变了的，请重新申请。")


class CaseMissingError(JutongError):
    """The grant asks for a case number with each call."""

    code = "node.call.case-missing"
    http_status = 400
    message = gettext_noop("授权“{grant}”要求每次调用都带办件号（1至{limit}个字），这次没有带。")
    next_step = gettext_noop("请在case中填写正在办理的办件号。")


class BasisDiffersError(JutongError):
    """The call names another legal basis than the grant."""

    code = "node.call.basis-differs"
    http_status = 403
    message = gettext_noop("调用声明的依据与授权“{grant}”的依据不一致，授权依据是“{allowed}”。")
    next_step = gettext_noop("可以不填basis；填写的，须与授权的依据一致。")


class OutsideHoursError(JutongError):
    """The grant allows calls at other times only."""

    code = "node.grant.outside-hours"
    http_status = 403
    message = gettext_noop("授权“{grant}”只在约定的时段可用：{allowed}（北京时间）。")
    next_step = gettext_noop("请在约定的时段内调用；确需其他时段的，请与数源部门协商。")


class FilterNotGrantedError(JutongError):
    """A filter names an item the grant does not show in full."""

    code = "node.call.filter-not-granted"
    http_status = 403
    message = gettext_noop("授权“{grant}”不允许按这些信息项筛选：{items}。")
    next_step = gettext_noop("只能按授权中明文提供的信息项筛选。")


class CursorUnfitError(JutongError):
    """A cursor this node did not give out for this grant and these filters."""

    code = "node.call.cursor-unfit"
    http_status = 400
    message = gettext_noop("游标cursor不能用于这次调用。")
    next_step = gettext_noop("请原样送回上一次答复的next，且授权、方式和筛选条件都不变；否则请不带cursor重新开始。")


class TooManyKeysError(JutongError):
    """More keys in one batch than the grant allows."""

    code = "node.call.too-many-keys"
    http_status = 400
    message = gettext_noop("授权“{grant}”每批最多{limit}个查询条件，这次有{count}个。")
    next_step = gettext_noop("请分批调用。")


class FieldNotGrantedError(JutongError):
    """Items were asked for that the grant does not hold in this way."""

    code = "node.call.field-not-granted"
    http_status = 403
    message = gettext_noop("授权“{grant}”不允许这样使用信息项：{items}。")
    next_step = gettext_noop("请只使用授权内的信息项，或申请增加信息项。")


class KeyItemsDifferError(JutongError):
    """The key is not made of exactly the lookup items."""

    code = "node.call.key-differs"
    http_status = 400
    message = gettext_noop("查询条件必须恰好是：{items}。")
    next_step = gettext_noop("请按授权的查询条件填写key。")


class KeyUnfitError(JutongError):
    """A key value cannot be a value of its column. The value is not repeated."""

    code = "node.call.key-unfit"
    http_status = 400
    message = gettext_noop("查询条件的值与数据库中该列的类型不符。")
    next_step = gettext_noop("请核对查询条件的格式，例如日期写成2026-01-31。")


class CallMalformedError(ExplainedError):
    """The body is not a call."""

    code = "node.call.malformed"
    http_status = 400
    message = gettext_noop("请求正文不对：{problem}。")
    next_step = gettext_noop("请按接口文档核对正文；未列出的字段不接受。")


class CallTooLargeError(JutongError):
    """The body is larger than any call."""

    code = "node.call.too-large"
    http_status = 413
    message = gettext_noop("请求正文超过{limit}字节。")
    next_step = gettext_noop("请一次只查一个对象；批量需求请申请批量交换方式。")


class NoSuchPathError(JutongError):
    """The gateway has no such address."""

    code = "node.path.unknown"
    http_status = 404
    message = gettext_noop("网关没有这个地址。")
    next_step = gettext_noop("请按接口文档核对路径。")


class MethodNotAllowedError(JutongError):
    """The address exists, the method does not."""

    code = "node.path.method-not-allowed"
    http_status = 405
    message = gettext_noop("这个地址只接受{allowed}方法，且不带查询参数。")
    next_step = gettext_noop("请按接口文档核对方法和路径。")


class QuotaExhaustedError(JutongError):
    """The grant's calls of the day are used up."""

    code = "node.quota.exhausted"
    http_status = 429
    message = gettext_noop("授权“{grant}”今天的{limit}次调用已用完。")
    next_step = gettext_noop("次日零点（北京时间）恢复；确需提高的，请与数源部门协商。")

    def __init__(self, *, grant: str, limit: int, seconds: int) -> None:
        """Make the error; ``seconds`` until the count starts anew."""
        super().__init__(grant=grant, limit=limit)
        # The waiting time of this kind differs from call to call.
        self.retry_after = seconds  # type: ignore[misc]


class RateExceededError(JutongError):
    """The grant's calls of this minute are used up."""

    code = "node.quota.per-minute"
    http_status = 429
    message = gettext_noop("授权“{grant}”每分钟{limit}次调用已用完。")
    next_step = gettext_noop("请按Retry-After稍后重试，并放慢调用。")

    def __init__(self, *, grant: str, limit: int, seconds: int) -> None:
        """Make the error; ``seconds`` until the next minute."""
        super().__init__(grant=grant, limit=limit)
        self.retry_after = seconds  # type: ignore[misc]


class SourceUnavailableError(JutongError):
    """The department's database does not answer."""

    code = "node.source.unavailable"
    http_status = 503
    retry_after = 10
    message = gettext_noop("数源部门的数据库“{source}”暂时连接不上，本次没有提供数据。")
    next_step = gettext_noop("请稍后重试；持续超过半小时，请联系数源部门。")


class SourceSlowError(JutongError):
    """The database did not answer in time."""

    code = "node.source.slow"
    http_status = 503
    retry_after = 10
    message = gettext_noop("数源部门的数据库“{source}”在{seconds}秒内没有答复，本次没有提供数据。")
    next_step = gettext_noop("请稍后重试；持续如此，请数源部门检查查询列上的索引。")


class SourceChangedError(JutongError):
    """The table is no longer as it was bound."""

    code = "node.source.changed"
    http_status = 503
    retry_after = 300
    message = gettext_noop("数据源“{source}”中的表与挂接时不一致，本次没有提供数据。")
    next_step = gettext_noop("请数源部门在目录中重新挂接该表。")


class WayUnservedError(JutongError):
    """The source behind the grant cannot be read in this way."""

    code = "node.source.way-unserved"
    http_status = 422
    message = gettext_noop("数据源“{source}”不能按“{way}”方式提供数据。")
    next_step = gettext_noop("请改用逐个查询，或请数源部门换用数据库表挂接。")


class OrderAmbiguousError(JutongError):
    """Two rows stand in the same place of the order, so that going on after one of them could lose the other."""

    code = "node.source.order-ambiguous"
    http_status = 503
    retry_after = 300
    message = gettext_noop("数据源“{source}”的表按{columns}排不出唯一的顺序，分页会漏行，本次没有提供数据。")
    next_step = gettext_noop("请数源部门在挂接中指定能唯一确定一行的排序列。")


class ExtractTooLargeError(JutongError):
    """More rows than one file may hold."""

    code = "node.file.too-large"
    http_status = 422
    message = gettext_noop("符合条件的记录超过一个文件{limit}行的上限，没有生成文件。")
    next_step = gettext_noop("请加筛选条件分成几个文件，或改用分页。")


class TooManyRowsError(JutongError):
    """More rows fit than the grant lets out in one call."""

    code = "node.answer.too-many-rows"
    http_status = 422
    message = gettext_noop("符合条件的记录超过授权“{grant}”每次{limit}行的上限，本次没有提供数据。")
    next_step = gettext_noop("请用更精确的查询条件；确需多行的，请申请提高上限或批量交换。")


class ReceiptNotYetError(JutongError):
    """The record is durable but its checkpoint is not published yet."""

    code = "node.receipt.not-yet"
    http_status = 503
    retry_after = 1
    message = gettext_noop("这次调用已存证，回执还在生成。")
    next_step = gettext_noop("请一两秒后再取。")


class ReceiptNotFoundError(JutongError):
    """No such record, or not this caller's."""

    code = "node.receipt.not-found"
    http_status = 404
    message = gettext_noop("没有编号为“{record}”的调用记录，或者它不属于您的系统。")
    next_step = gettext_noop("请核对调用时返回的record编号。")


class TicketRefusedError(ExplainedError):
    """The ticket for a try in the browser is not good."""

    code = "node.ticket.refused"
    http_status = 403
    message = gettext_noop("试用票据不能使用：{problem}。")
    next_step = gettext_noop("请回到平台的授权页面重新点“试用”。")


class AddressRefusedError(ExplainedError):
    """A lent address is not good, or not for what is asked with it."""

    code = "node.address.refused"
    http_status = 403
    message = gettext_noop("这个签名地址不能使用：{problem}。")
    next_step = gettext_noop("请凭授权重新调用/gw/v1/address换取；地址60秒内有效。")


class AddressMissingError(JutongError):
    """No lent address came with the request."""

    code = "node.address.missing"
    http_status = 401
    message = gettext_noop("请求没有带签名地址的token。")
    next_step = gettext_noop("请先凭授权调用/gw/v1/address，按返回的地址原样访问。")


class FileGoneError(JutongError):
    """There is no such file under the lent path."""

    code = "node.file.missing"
    http_status = 404
    message = gettext_noop("授权的文件夹里没有“{path}”。")
    next_step = gettext_noop("请先不带文件名访问该地址，看有哪些文件。")


class GatewayFaultError(JutongError):
    """Something unforeseen; nothing left."""

    code = "node.gateway.fault"
    http_status = 500
    message = gettext_noop("网关内部出错，本次没有提供数据。故障编号{incident}。")
    next_step = gettext_noop("请把故障编号告诉平台运维人员。")
