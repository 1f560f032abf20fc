from __future__ import annotations

from jutong.center.norms.subject import Hit, Parameters, Subject, Verdict, World, verdict
from jutong.kernel.i18n import gettext_noop


def bound(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """A published entry that is shared has something real behind it."""
    if not subject.is_published or subject.share_attribute == "none":
        return verdict(0, [])
    hit = Hit("", "", gettext_noop("没有挂接资源"), gettext_noop("请挂接库表、文件、接口、数据流或视频通道"))
    return verdict(1, [] if subject.bound else [hit])


def reachable(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """What is bound answered the last probe."""
    return _probed(subject, parameters, gettext_noop("挂接的资源连不上"), gettext_noop("请检查节点、网络和账号"))


def as_described(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """What is bound has the columns and rows it was described with."""
    message = gettext_noop("挂接的资源与描述不一致")
    return _probed(subject, parameters, message, gettext_noop("请核对列和行数，必要时重新挂接"))


def fresh(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """The newest data are within the update cycle and its tolerance."""
    message = gettext_noop("数据没有按更新周期更新")
    return _probed(subject, parameters, message, gettext_noop("请更新数据，或改正更新周期"))


def _probed(subject: Subject, parameters: Parameters, message: str, way_out: str) -> Verdict:
    """Judge by the last probe's problems; what no probe has looked at is not judged."""
    if subject.bound is None or not subject.bound.checked:
        return verdict(0, [])
    seen = sorted(subject.bound.problems & set(parameters["problems"]))
    return verdict(1, [Hit("", ", ".join(seen), message, way_out)] if seen else [])


def mapped_items(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """Every item of an entry bound to a table has its column there."""
    if subject.bound is None or subject.bound.kind != "table":
        return verdict(0, [])
    hits = [
        Hit(part.name, "", gettext_noop("没有对应到挂接的列"), gettext_noop("请在挂接页选列，或删去不提供的信息项"))
        for part in subject.parts
        if not subject.bound.columns.get(part.name)
    ]
    return verdict(len(subject.parts), hits)


def keyed(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """An entry shared by query is asked by a key."""
    if subject.share_way != "service" or subject.share_attribute == "none":
        return verdict(0, [])
    has_key = any(part.is_key for part in subject.parts)
    hit = Hit("", "", gettext_noop("没有查询键"), gettext_noop("请标明按哪个信息项查询"))
    return verdict(1, [] if has_key else [hit])


CHECKS = (bound, reachable, as_described, fresh, mapped_items, keyed)
