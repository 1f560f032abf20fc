"""The catalog's rules VC-01 to VC-13 as pure functions of what was written and its surroundings.

VC-12, an entry with nothing behind it, is judged by days and not by what was written; bindings answer for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from functools import lru_cache

from jutong.center.catalog.consistency import consistency_findings
from jutong.center.catalog.enums import ShareAttribute
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import ENTRY_CLAUSE, GUIDE, Finding, Severity
from jutong.center.catalog.obligations import entry_obligations, item_obligations
from jutong.center.catalog.shape import LABELS, shape_findings
from jutong.center.catalog.tokens import same_name_key
from jutong.kernel.i18n import gettext_noop
from jutong.standards import conditions, credit_code, grading, template_document
from jutong.standards.template import TemplateEdition

ATTRIBUTE_CLAUSE = "政务数据共享条例第十五条"
SCOPE_CLAUSE = "政务数据共享条例第三条"
SOURCE_CLAUSE = "政务数据共享条例第十九条"


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
    edition: TemplateEdition | None = None
    """The template's edition to judge by; the shipped national one where None."""
    is_outdated: bool = False
    """Whether the entry names an edition that no longer is the one in force."""
    is_template_known: bool = True
    """Whether the edition the entry names exists."""

    @property
    def template(self) -> TemplateEdition:
        """The edition to judge by."""
        return self.edition or template_document.core()


def all_findings(fields: EntryFields, items: Sequence[ItemFields], around: Surroundings) -> list[Finding]:
    """Return everything that is wrong with what was written, each place named by the first rule that has it."""
    shape = shape_findings(fields, items, around.template)
    named = {finding.place for finding in shape}
    return [*shape, *(finding for finding in content_findings(fields, items, around) if finding.place not in named)]


def content_findings(fields: EntryFields, items: Sequence[ItemFields], around: Surroundings) -> list[Finding]:
    """Return what is wrong with what was written: everything but its shape and the steps of VC-02."""
    return [
        *entry_obligations(fields, items, around.template),
        *_edition(fields, around),
        *_conditions(fields),
        *_basis(fields),
        *_names(fields, around),
        *_provider(around),
        *consistency_findings(fields, items, around.template),
        *item_obligations(items, around.template),
        *repeated_items(items),
        *_sources(fields, items, around),
        *_secrecy(fields),
        *_controls(fields, items),
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


def _edition(fields: EntryFields, around: Surroundings) -> Iterator[Finding]:
    """Judge the edition the entry says it is written by."""
    clause = around.template.clause or GUIDE
    if not around.is_template_known:
        message, way_out = gettext_noop("没有这个模板版本"), gettext_noop("请按现行编制模板填写，模板版本留空即可")
        yield Finding("VC-00", "template", LABELS["template"], clause, message, way_out, fields.template[:100])
    elif around.is_outdated:
        message, way_out = gettext_noop("编制模板已经更新"), gettext_noop("已按现行模板核对，请补齐新增的内容")
        found = fields.template[:100]
        yield Finding("VC-00", "template", LABELS["template"], clause, message, way_out, found, "warning")


def _conditions(fields: EntryFields) -> Iterator[Finding]:
    """VC-03, its second half: hints at conditions the department made itself, and at conditions that say nothing."""
    if fields.share_attribute != ShareAttribute.CONDITIONAL:
        return
    for name in ("share_scope", "share_purpose"):
        if conditions.says_nothing(getattr(fields, name)):
            message = gettext_noop("没有写出实际内容")
            way_out = gettext_noop("请写明哪些部门可以用、用来办什么事")
            yield Finding(
                "VC-03", name, LABELS[name], ATTRIBUTE_CLAUSE, message, way_out, getattr(fields, name), "warning"
            )
    for name in ("use_conditions", "share_scope", "share_purpose"):
        for hint in conditions.self_made(getattr(fields, name)):
            way_out = gettext_noop("条例第十五条不允许擅自增设条件，请核对；确有法定要求的，写明依据")
            yield Finding("VC-03", name, LABELS[name], ATTRIBUTE_CLAUSE, hint.why, way_out, hint.found, "warning")


def _basis(fields: EntryFields) -> Iterator[Finding]:
    """VC-04, its second half: 不予共享 stands only on a law, an administrative regulation or a State Council decision.

    That the basis is named at all and of one of the three kinds is the template's to ask.
    """
    if fields.share_attribute != ShareAttribute.NONE:
        return
    for hint in conditions.basis_hints(fields.basis_kind, fields.basis_title):
        way_out = gettext_noop("部门规章、地方性法规和内部规定不能作为依据；没有这三类依据的，应当共享")
        severity: Severity = "error" if hint.is_certain else "warning"
        label = LABELS["basis_title"]
        yield Finding("VC-04", "basis_title", label, ATTRIBUTE_CLAUSE, hint.why, way_out, hint.found[:100], severity)
    if fields.basis_article.strip() and not conditions.is_article(fields.basis_article):
        message = gettext_noop("没有写明条款")
        way_out = gettext_noop("请写到条，如第三十二条")
        label = LABELS["basis_article"]
        yield Finding(
            "VC-04", "basis_article", label, ATTRIBUTE_CLAUSE, message, way_out, fields.basis_article, "warning"
        )


@lru_cache(maxsize=64)
def _keys(names: frozenset[str]) -> frozenset[str]:
    """Return what names are compared by; the same set is asked about for every row of a batch."""
    return frozenset(map(same_name_key, names))


def _names(fields: EntryFields, around: Surroundings) -> Iterator[Finding]:
    """VC-05 and VC-06: an entry is not a system, and not another entry over again."""
    key = same_name_key(fields.name)
    if key in _keys(around.system_names):
        message = gettext_noop("目录名称与本部门的信息系统同名")
        way_out = gettext_noop("目录说的是数据，不是系统，请按数据内容命名")
        yield Finding("VC-05", "name", LABELS["name"], GUIDE, message, way_out, fields.name)
    if key in _keys(around.other_names):
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


def _sources(fields: EntryFields, items: Sequence[ItemFields], around: Surroundings) -> Iterator[Finding]:
    """VC-11: an item another department is the source of refers to that source; references exist and do not circle."""
    for at, item in enumerate(items):
        source = around.assigned_elsewhere.get(item.element) if item.element else None
        source = source or around.assigned_elsewhere.get(item.name)
        if source and source not in {around.own_code, item.source_code, *fields.related_codes}:
            message = gettext_noop("这个信息项已指定由其他部门作数源")
            way_out = gettext_noop("请把来源目录写成数源部门的目录代码，或不再收集这一项")
            yield _vc11(f"items.{at}.source_code", "source_code", message, way_out, source)
    named = [("related_codes", "related_codes", code) for code in fields.related_codes]
    named += [(f"items.{at}.source_code", "source_code", item.source_code) for at, item in enumerate(items)]
    for place, name, code in named:
        if code and code == around.own_code:
            message = gettext_noop("指向了自己")
            yield _vc11(place, name, message, gettext_noop("请填写其他目录的代码，或留空"), code)
        elif code and around.known_codes is not None and code not in around.known_codes:
            message = gettext_noop("没有这个代码的目录")
            yield _vc11(place, name, message, gettext_noop("请核对代码，对方要先发布目录"), code)
    if around.own_code and around.own_code in around.upstream:
        message = gettext_noop("来源目录互相引用，成了环")
        way_out = gettext_noop("一数一源：请与对方商定哪一方是来源，另一方引用它")
        yield _vc11("items", "source_code", message, way_out, around.own_code)


def _vc11(place: str, name: str, message: str, way_out: str, found: str) -> Finding:
    return Finding("VC-11", place, LABELS[name], SOURCE_CLAUSE, message, way_out, found)


def _secrecy(fields: EntryFields) -> Iterator[Finding]:
    """VC-13: state and work secrets are outside the regulation and may not come onto the platform."""
    if not fields.not_secret:
        message = gettext_noop("没有声明不涉及国家秘密、工作秘密")
        way_out = gettext_noop("请核对后声明；涉及的，不能在本平台登记")
        yield Finding("VC-13", "not_secret", LABELS["not_secret"], SCOPE_CLAUSE, message, way_out)


def _controls(fields: EntryFields, items: Sequence[ItemFields]) -> Iterator[Finding]:
    """Let nothing be shared more widely than its grade allows (GB/T 43697)."""
    found = grading.control_findings(
        fields.grade, fields.share_attribute, fields.share_way, items, is_open=fields.is_open
    )
    for row in found:
        yield Finding(**{spec.name: getattr(row, spec.name) for spec in fields_of(row)})
