"""What codes of fusions are called on pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

CAUSES = {
    "differs": _("说法不同"),
    "equal-authority": _("来源同等权威"),
    "unsure": _("把握不够"),
    "two-identities": _("两个有效证件号不同"),
    "large": _("一组记录太多"),
    "contradiction": _("同组互相矛盾"),
}
CLUES = {
    "older": _("这条更旧"),
    "newer": _("这条更新"),
    "same-age": _("新旧相同"),
    "spelling": _("只是写法不同"),
}
ENDS = {
    "healed": _("已一致"),
    "gone": _("记录不在了"),
    "settled": _("已定以谁为准"),
}
BASES = {
    "only": _("只有一个来源"),
    "agreed": _("各来源一致"),
    "source": _("数源部门"),
    "fresh": _("最近更新"),
    "complete": _("记录最全"),
    "agreement": _("多数一致"),
    "kept": _("保留原值"),
    "decided": _("人工判定"),
}
