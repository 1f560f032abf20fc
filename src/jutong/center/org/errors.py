"""What can go wrong around organisations, people, posts, systems and tokens."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class DivisionExistsError(JutongError):
    """The division is registered with this code and starting day."""

    code = "org.division.exists"
    http_status = 409
    message = gettext_noop("行政区划{division}自{start}起的记录已经登记过。")
    next_step = gettext_noop("区划有变化时，请登记新的起始日期，不要重复登记。")


class DivisionUnknownError(JutongError):
    """No division with this code is in force."""

    code = "org.division.unknown"
    http_status = 422
    message = gettext_noop("行政区划代码{division}没有登记，或已经失效。")
    next_step = gettext_noop("请先登记该行政区划，或改用现行代码。")


class NoAuthorityError(JutongError):
    """The division has no authority, so nobody can review or consent (条例 8, 12)."""

    code = "org.division.no-authority"
    http_status = 409
    message = gettext_noop("行政区划{division}还没有登记政务数据共享主管部门，没有单位可以审核。")
    next_step = gettext_noop("请系统管理员登记该行政区划的主管部门。")


class AuthorityExistsError(JutongError):
    """A division has one authority."""

    code = "org.division.authority-exists"
    http_status = 409
    message = gettext_noop("行政区划{division}已经有政务数据共享主管部门，每个行政区划只能有一个。")
    next_step = gettext_noop("请先撤销原主管部门的登记，再登记新的。")


class OrganisationExistsError(JutongError):
    """The credit code is registered."""

    code = "org.organisation.exists"
    http_status = 409
    message = gettext_noop("统一社会信用代码{found}已经登记过。")
    next_step = gettext_noop("请在单位列表中查找该单位。")


class OrganisationClosedError(JutongError):
    """The organisation was closed and takes part in nothing new."""

    code = "org.organisation.closed"
    http_status = 409
    message = gettext_noop("{organisation}已经停用，不能再办理新的事项。")
    next_step = gettext_noop("请核对承接其职责的单位，改在该单位办理。")


class OnboardingIncompleteError(JutongError):
    """The organisation lacks what 条例 11 and 13 ask for before it takes part."""

    code = "org.organisation.onboarding-incomplete"
    http_status = 409
    message = gettext_noop("{organisation}还没有登记：{missing}。按条例第十一条、第十三条，登记齐全后才能办理。")
    next_step = gettext_noop("请系统管理员登记工作机构，请安全管理员任命缺少的负责人。")


class UsernameTakenError(JutongError):
    """The user name belongs to somebody."""

    code = "org.user.exists"
    http_status = 409
    message = gettext_noop("用户名{found}已经有人使用。")
    next_step = gettext_noop("请换一个用户名；同一个人任多个岗位时，不用另建账号。")


class AdministratorsExclusiveError(JutongError):
    """One person may hold only one of the three administrators' posts."""

    code = "org.post.administrators-exclusive"
    http_status = 409
    message = gettext_noop("{person}已经是{held}。系统管理员、安全管理员、审计员必须由三个不同的人担任。")
    next_step = gettext_noop("请任命另一个人，或先结束原来的管理员岗位。")


class HeadsExclusiveError(JutongError):
    """部门负责人 and 工作机构负责人 of one department are two people (条例 13, 20)."""

    code = "org.post.heads-exclusive"
    http_status = 409
    message = gettext_noop("{person}已经是{organisation}的{held}。部门负责人和工作机构负责人必须是两个人。")
    next_step = gettext_noop("请任命另一个人，或先结束原来的负责人岗位。")


class PostExistsError(JutongError):
    """The person holds this post."""

    code = "org.post.exists"
    http_status = 409
    message = gettext_noop("{person}已经在{organisation}担任{held}。")
    next_step = gettext_noop("不用重复任命。")


class PostEndedError(JutongError):
    """The post ended, its holder is locked, or its organisation was closed: nothing may be done in it."""

    code = "org.post.ended"
    http_status = 403
    message = gettext_noop("这个岗位已经结束，或账号已停用，不能再用它办理。")
    next_step = gettext_noop("请切换到现任岗位；没有其他岗位时，请联系安全管理员。")


class AuthorityPostError(JutongError):
    """Only a division's authority has reviewers."""

    code = "org.post.not-authority"
    http_status = 409
    message = gettext_noop("{organisation}不是政务数据共享主管部门，不能任命主管部门审核员。")
    next_step = gettext_noop("请在主管部门任命审核员。")


class PasswordWrongError(JutongError):
    """The old password does not match."""

    code = "org.password.wrong"
    http_status = 403
    message = gettext_noop("原密码不对，密码没有修改。")
    next_step = gettext_noop("请重新填写原密码；忘记时请安全管理员重置。")


class SystemExistsError(JutongError):
    """The organisation has a system of this name."""

    code = "org.system.exists"
    http_status = 409
    message = gettext_noop("{organisation}已经登记过信息系统“{found}”。")
    next_step = gettext_noop("请在该系统下添加密钥，不要重复登记系统。")


class SystemClosedError(JutongError):
    """The information system was closed."""

    code = "org.system.closed"
    http_status = 409
    message = gettext_noop("信息系统“{found}”已经停用，不能再添加密钥。")
    next_step = gettext_noop("请登记接替它的信息系统。")


class KeyExistsError(JutongError):
    """The key id is registered."""

    code = "org.key.exists"
    http_status = 409
    message = gettext_noop("密钥标识{found}已经登记过。")
    next_step = gettext_noop("请重新生成密钥；每把密钥的标识不能相同。")


class KeyRevokedError(JutongError):
    """The key was revoked before."""

    code = "org.key.revoked"
    http_status = 409
    message = gettext_noop("密钥{found}已经作废，不能再作废一次。")
    next_step = gettext_noop("不用再办；需要继续调用时，请登记新密钥。")


class TokenRefusedError(JutongError):
    """A bearer token is unknown, expired or revoked; which of them is not said."""

    code = "org.token.refused"
    http_status = 401
    message = gettext_noop("访问令牌无效、已过期或已作废。")
    next_step = gettext_noop("请登录后重新签发令牌。")
