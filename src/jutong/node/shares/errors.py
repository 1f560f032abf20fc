"""What the sharing face refuses."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.node.errors import ExplainedError


class ProfileWrongError(JutongError):
    """The bearer token is none of this node, is over, or was ended."""

    code = "node.share.profile-refused"
    http_status = 401
    message = gettext_noop("共享配置文件不能使用：不是本节点签发的，已经过期，或已被作废。")
    next_step = gettext_noop("请在平台的授权页面打开“Delta Sharing”，重新生成一个配置文件。")


class ShareUnknownError(JutongError):
    """The system has no such share, schema or table, or no such thing is offered."""

    code = "node.share.unknown"
    http_status = 404
    message = gettext_noop("没有名为“{name}”的共享表可以给这个信息系统读取。")
    next_step = gettext_noop(
        "请先列出共享表核对名称；只有“文件下载”“批量交换”或“变化订阅”方式、落在资源库的授权才在其中。"
    )


class VersionUnservedError(JutongError):
    """A version from before the grant, or one that is not there."""

    code = "node.share.version-unserved"
    http_status = 400
    message = gettext_noop("不能提供版本{found}，可以提供的是{first}至{last}。")
    next_step = gettext_noop("请改用这个范围内的版本或时间；授权生效以前的版本不提供。")


class VersionGoneError(JutongError):
    """The files of a version were cleared away."""

    code = "node.share.version-gone"
    http_status = 404
    message = gettext_noop("版本{version}的文件已按保留期清理，不能再读。")
    next_step = gettext_noop("请改读较新的版本；需要更长的保留期，请与数源部门商定。")


class TooManyVersionsError(JutongError):
    """Changes over more versions than one answer holds."""

    code = "node.share.too-many-versions"
    http_status = 400
    message = gettext_noop("一次最多取{limit}个版本的变化，这次要了{found}个。")
    next_step = gettext_noop("请用endingVersion分几次取，或直接读最新的全表。")


class ShareCallError(ExplainedError):
    """A request of the protocol that cannot be understood."""

    code = "node.share.request-malformed"
    http_status = 400
    message = gettext_noop("请求读不懂：{problem}。")
    next_step = gettext_noop("请按Delta Sharing协议核对参数。")


class ShareFileError(JutongError):
    """A file address that is not good, or no longer."""

    code = "node.share.file-refused"
    http_status = 403
    message = gettext_noop("文件地址不能使用：不是本节点给出的，或已经过期。")
    next_step = gettext_noop("请重新查询这张表，用新的地址读取。")
