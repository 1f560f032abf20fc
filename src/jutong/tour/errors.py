"""Why a tour ended early."""

from __future__ import annotations

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class PlatformUnreachableError(JutongError):
    """Nothing answers at the platform's address."""

    code = "tour.platform.unreachable"
    http_status = 503
    message = gettext_noop("{address}没有答复：{reason}")
    next_step = gettext_noop("请先运行 jutong up --demo（或 make run）；平台在别处时用 --url 指定地址。")


class DemoMissingError(JutongError):
    """The platform does not know the demo's people."""

    code = "tour.demo.missing"
    http_status = 409
    message = gettext_noop("平台上没有演示人员{username}，或密码已改。")
    next_step = gettext_noop("请用 jutong up --demo 载入演示城市；这个命令只能在演示环境使用。")


class StepRefusedError(JutongError):
    """A step that should have gone through was refused."""

    code = "tour.step.refused"
    http_status = 409
    message = gettext_noop("{who}办理“{step}”被拒绝：{message}（{code_found}）")
    next_step = gettext_noop("{advice}")


class WaitedInVainError(JutongError):
    """Something did not happen in time."""

    code = "tour.step.waited"
    http_status = 504
    message = gettext_noop("等了{seconds}秒，“{what}”没有发生，现在是“{found}”。")
    next_step = gettext_noop("请用 jutong status 查看各进程，并查看日志文件夹里的 gateway.log 和 worker.log。")


class RefusalMissingError(JutongError):
    """What had to be refused was not, or for another reason."""

    code = "tour.refusal.missing"
    http_status = 500
    message = gettext_noop("“{what}”应当以{expected}被拒绝，实际是{found}。")
    next_step = gettext_noop("这是平台的严重缺陷，请停止使用并报告。")


class ProofFailedError(JutongError):
    """A receipt or its record does not stand up."""

    code = "tour.proof.failed"
    http_status = 500
    message = gettext_noop("记录{record}的回执没有通过离线核验：{verdict}")
    next_step = gettext_noop("请保留回执和存证文件夹，用 jutong evidence verify 逐步核验。")


class FactsDifferError(JutongError):
    """The departments' answers are not what the demo's registers hold."""

    code = "tour.facts.differ"
    http_status = 500
    message = gettext_noop("{what}的答复“{found}”与演示数据不符，应为“{expected}”。")
    next_step = gettext_noop("演示数据可能被改过；请用 jutong reset 后重新载入。")
