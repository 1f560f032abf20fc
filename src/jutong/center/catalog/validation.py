"""The catalog's rules VC-01 to VC-07, VC-10 and VC-13 as pure functions of what was written and its surroundings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jutong.center.catalog.enums import BasisKind, DataType, ShareAttribute
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import ENTRY_CLAUSE, GUIDE, Finding
from jutong.center.catalog.shape import LABELS
from jutong.center.catalog.tokens import same_name_key
from jutong.kernel.i18n import gettext_noop
from jutong.standards import credit_code

ATTRIBUTE_CLAUSE = "政务数据共享条例第十五条"
SCOPE_CLAUSE = "政务数据共享条例第三条"
_NINE = ("name", "data_format", "update_cycle", "share_attribute", "grade")
_MISSING = gettext_noop("必须填写")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rules look at outside the entry itself."""

    organisation_code: str
    """Credit code of the entry's department."""
    submitter_code: str
    """Credit code of the organisation that submits."""
    system_names: frozenset[str] = field(default_factory=frozenset)
    """Names of the department's information systems."""
    other_names: frozenset[str] = field(default_factory=frozenset)
    """Names of the department's other entries, published or in the making."""
    assessed: frozenset[str] = field(default_factory=frozenset)
    """Kinds of assessment that passed."""
    consented: bool = False
    """Whether 部门负责人 consented."""
    assigned_elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Items another department is 数源部门 of: element code or item name to the source's resource code (VC-11)."""
    own_code: str = ""
    """The entry's own resource code, where it has one."""
    known_codes: frozenset[str] | None = None
    """Those of the codes the entry refers to that exist; None where nobody looked."""
    upstream: frozenset[str] = field(default_factory=frozenset)
    """Codes the entry's sources are themselves taken from, at any remove."""


def content_findings(fields: EntryFields, items: Sequence[ItemFields], around: Surroundings) -> list[Finding]:
    """Return what is wrong with what was written: everything but the steps of VC-02."""
    return [
        *_nine_fields(fields, items),
        *_conditions(fields),
        *_basis(fields),
        *_names(fields, around),
        *_provider(around),
        *_items(items),
        *_secrecy(fields),
    ]


def step_findings(around: Surroundings) -> list[Finding]:
    """Return the assessments and the consent that are missing (VC-02)."""
    found = []
    if "secrecy" not in around.assessed:
        message = gettext_noop("没有通过的保密风险评估")
        found.append(_vc02("assessments", gettext_noop("保密风险评估"), message, gettext_noop("请登记评估结果")))
    if "personal" not in around.assessed:
        message = gettext_noop("没有通过的个人信息保护影响评估")
        found.append(
            _vc02("assessments", gettext_noop("个人信息保护影响评估"), message, gettext_noop("请登记评估结果"))
        )
    if not around.consented:
        message = gettext_noop("部门负责人还没有同意")
        found.append(_vc02("consent", gettext_noop("部门负责人意见"), message, gettext_noop("请部门负责人办理")))
    return found


def _vc02(place: str, name: str, message: str, way_out: str) -> Finding:
    return Finding("VC-02", place, name, ENTRY_CLAUSE, message, way_out)


def _nine_fields(fields: EntryFields, items: Sequence[ItemFields]) -> Iterator[Finding]:
    """VC-01. 提供单位 is the entry's organisation; 使用条件 is judged by VC-03 and VC-04 for each attribute."""
    wanted = _NINE if fields.share_attribute == ShareAttribute.NONE else (*_NINE, "share_way")
    for name in wanted:
        if not str(getattr(fields, name)).strip():
            way_out = gettext_noop("条例要求的九项内容都要写明，请补充")
            yield Finding("VC-01", name, LABELS[name], ENTRY_CLAUSE, _MISSING, way_out)
    if not items:
        way_out = gettext_noop("请至少列出一个信息项")
        yield Finding("VC-01", "items", LABELS["items"], ENTRY_CLAUSE, _MISSING, way_out)


def _conditions(fields: EntryFields) -> Iterator[Finding]:
    """VC-03: conditions are listed where sharing is conditional and absent where it is not."""
    if fields.share_attribute == ShareAttribute.CONDITIONAL:
        for name in ("share_scope", "share_purpose"):
            if not getattr(fields, name).strip():
                way_out = gettext_noop("有条件共享要列明共享范围和使用用途，请补充")
                yield Finding("VC-03", name, LABELS[name], ATTRIBUTE_CLAUSE, _MISSING, way_out)
    elif fields.share_attribute == ShareAttribute.UNCONDITIONAL:
        for name in ("share_scope", "share_purpose", "use_conditions"):
            if getattr(fields, name).strip():
                message = gettext_noop("无条件共享不能附加条件")
                way_out = gettext_noop("请删去条件；确需条件的，共享属性应改为有条件共享")
                yield Finding("VC-03", name, LABELS[name], ATTRIBUTE_CLAUSE, message, way_out, getattr(fields, name))


def _basis(fields: EntryFields) -> Iterator[Finding]:
    """VC-04: 不予共享 stands only on a law, an administrative regulation or a decision of the State Council."""
    if fields.share_attribute != ShareAttribute.NONE:
        return
    for name in ("refusal_reason", "basis_title", "basis_article"):
        if not getattr(fields, name).strip():
            way_out = gettext_noop("不予共享要写明理由和依据的名称、条款，请补充")
            yield Finding("VC-04", name, LABELS[name], ATTRIBUTE_CLAUSE, _MISSING, way_out)
    if fields.basis_kind not in BasisKind.values:
        message = gettext_noop("依据只能是法律、行政法规或国务院决定")
        way_out = gettext_noop("部门规章、地方性法规和内部规定不能作为依据；没有这三类依据的，应当共享")
        yield Finding(
            "VC-04", "basis_kind", LABELS["basis_kind"], ATTRIBUTE_CLAUSE, message, way_out, fields.basis_kind
        )


def _names(fields: EntryFields, around: Surroundings) -> Iterator[Finding]:
    """VC-05 and VC-06: an entry is not a system, and not another entry over again."""
    key = same_name_key(fields.name)
    if key in {same_name_key(name) for name in around.system_names}:
        message = gettext_noop("目录名称与本部门的信息系统同名")
        way_out = gettext_noop("目录说的是数据，不是系统，请按数据内容命名")
        yield Finding("VC-05", "name", LABELS["name"], GUIDE, message, way_out, fields.name)
    if key in {same_name_key(name) for name in around.other_names}:
        message = gettext_noop("本部门已有名称相同的目录")
        way_out = gettext_noop("全半角、空格、标点和尾号不算不同，请改名或更新已有目录")
        yield Finding("VC-06", "name", LABELS["name"], GUIDE, message, way_out, fields.name)


def _provider(around: Surroundings) -> Iterator[Finding]:
    """VC-07: the provider's code is a valid credit code and that of whoever submits."""
    label = gettext_noop("提供方代码")
    wrong = credit_code.check(around.organisation_code)
    if wrong:
        message = gettext_noop("统一社会信用代码的格式或校验位不对")
        way_out = gettext_noop("请系统管理员更正单位的统一社会信用代码")
        yield Finding("VC-07", "organisation", label, wrong.standard, message, way_out, around.organisation_code)
    if around.organisation_code != around.submitter_code:
        message = gettext_noop("提供方代码与提交单位不一致")
        way_out = gettext_noop("请由目录的提供单位自己提交")
        yield Finding("VC-07", "organisation", label, GUIDE, message, way_out, around.submitter_code)


def _items(items: Sequence[ItemFields]) -> Iterator[Finding]:
    """VC-10: every item has a type of the dictionary and a name of its own."""
    for at, item in enumerate(items):
        if item.data_type not in DataType.values:
            message = gettext_noop("数据类型不在字典中")
            way_out = gettext_noop("请从数据类型字典中选择")
            place = f"items.{at}.data_type"
            yield Finding("VC-10", place, LABELS["data_type"], GUIDE, message, way_out, item.data_type)
    yield from repeated_items(items)


def repeated_items(items: Sequence[ItemFields]) -> Iterator[Finding]:
    """VC-10, its second half, which a draft must pass too: an item is found by its name."""
    seen: set[str] = set()
    for at, item in enumerate(items):
        key = "".join(item.name.split())
        if key and key in seen:
            message = gettext_noop("信息项名称重复")
            way_out = gettext_noop("同一目录内信息项不能同名，请改名或删去一个")
            yield Finding("VC-10", f"items.{at}.name", LABELS["items"], GUIDE, message, way_out, item.name)
        seen.add(key)


def _secrecy(fields: EntryFields) -> Iterator[Finding]:
    """VC-13: state and work secrets are outside the regulation and may not come onto the platform."""
    if not fields.not_secret:
        message = gettext_noop("没有声明不涉及国家秘密、工作秘密")
        way_out = gettext_noop("请核对后声明；涉及的，不能在本平台登记")
        yield Finding("VC-13", "not_secret", LABELS["not_secret"], SCOPE_CLAUSE, message, way_out)
