"""Which group a notice belongs to, by its sentence; a sentence not listed is work.

The lists repeat the source wording of the notices; a test fails when one of them is no longer said anywhere.
"""

from __future__ import annotations

from jutong.center.notify.enums import NoticeGroup

STATUTORY = frozenset(
    {
        "“{label}”的期限由{before}改为{after}：{year}年的工作日历已更新。",
        "“{label}”请在{due}前办结，还剩{left}个工作日。",
        "{who}应于{due}办结“{label}”，已经超期。",
        "{who}应于{due}办结“{label}”，超期已久仍未办结。",
        "共享协议{number}在{day}没有达到约定，请说明或改正：{kind}。",
        "{who}不认可对违约{number}的说明。",
        "“{title}”涉及本部门目录{count}条，请在期限内更新并提交审核。",
        "“{name}”的更新期限没有延长：{note}",
        "“{name}”的更新期限延长{days}个工作日。",
        "主管部门没有接受“{name}”的备案：{note}",
        "主管部门接受了“{name}”的备案，可以下线。",
        "主管部门接受了“{name}”变更服务的备案。",
        "目录“{name}”被退回：{reason}",
        "{count}条目录被退回：{reason}",
        "本部门有{count}条已发布的目录超过{days}天没有挂接数据（{rule}），请尽快挂接。",
        "拟指定{organisation}为“{name}”的数源部门，请在{answer_by}前表态。",
        "{organisation}已被指定为“{name}”的数源部门，其他部门的目录应引用{code}。",
        "授权{grant}已结束，请处置已取得的数据并报送处置结果。",
        "{who}退回了授权{grant}的处置结果：{note}",
        "授权{grant}停用后仍有调用得到答复，请提供方核查。",
        "{who}责令就授权{grant}限{days}个工作日内整改。",
        "{who}再次责令就授权{grant}限{days}个工作日内整改。",
        "{who}认定授权{grant}整改不到位：{note}",
        "{who}认定授权{grant}到期没有整改：{note}",
        "授权{grant}整改不到位，{who}已终止共享：{note}",
        "申请“{title}”被退回补正，缺{n}项材料。",
        "“{title}”的答复经主管部门同意延长{days}个工作日：{reason}",
        "主管部门同意延长{days}个工作日。",
        "主管部门不同意延长答复。",
        "收到{requester}的使用申请“{title}”。",
        "{provider}同意了申请“{title}”。",
        "{provider}不同意申请“{title}”。",
        "“{title}”的授权{number}已终止：{reason}",
        "“{title}”的授权{number}已被{who}暂停：{reason}",
        "“{title}”的授权{number}已到期，请按提供方要求处置已取得的数据。",
        "{who}催办：{title}",
    }
)
"""Deadlines, breaches and decisions addressed to the reader."""
INFORMATION = frozenset(
    {
        "关注的检索“{name}”有{count}条新发布或更新的目录。",
        "{organisation}发布目录“{name}”，信息资源代码{code}。",
        "{organisation}更新目录“{name}”，信息资源代码{code}，第{number}版。",
        "{organisation}发布目录{count}条。",
        "{organisation}下线目录“{name}”，信息资源代码{code}：{reason}",
        "“{entry}”的挂接恢复正常了。",
        "数据元“{name}”已发布，编号{code}。",
        "“{title}”的共享协议{number}第{version}版已生效。",
        "{provider}向{requester}提供重要数据“{title}”。",
        "{requester}撤回了申请“{title}”。",
        "{who}核验通过了授权{grant}的处置结果。",
        "{who}验收通过了授权{grant}的整改。",
    }
)
"""What asks nothing of the reader."""


def group_of(text: str) -> NoticeGroup:
    """Return the group of a notice's sentence."""
    if text in STATUTORY:
        return NoticeGroup.STATUTORY
    return NoticeGroup.INFORMATION if text in INFORMATION else NoticeGroup.WORK
