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
LEVELS = {
    "same": _("完全一致"),
    "same-rare": _("完全一致，且少见"),
    "same-frequent": _("完全一致，但十分常见"),
    "sound": _("读音一致，用字不同"),
    "one-off": _("只差一个字"),
    "surname": _("只有姓一致"),
    "core": _("去掉地名和组织形式后一致"),
    "beginning": _("字号开头一致"),
    "near": _("相近"),
    "swapped": _("月日颠倒"),
    "part": _("有两项一致"),
    "year": _("只有年份一致"),
    "area": _("同一区划"),
    "differs": _("不一致"),
}
