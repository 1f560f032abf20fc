"""What each role may do, as data: one row per permission with the roles that hold it and the reason.

A permission reads ``scope:resource:action`` and is listed in alphabetical order. It says what a post allows; whose
object it is (own department, other side, same division) is asked by the queries and guards of each domain. The
three administrators hold no business permission, the auditor's to read aside, so that whoever runs the platform
decides nothing on it and whoever watches it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from jutong.center.org.enums import Role

PLATFORM_ROLE = "system"
"""The role of ``platform_actor``: scans, receipts, the command line of whoever owns the machine."""


class Permission(StrEnum):
    """Everything a door may ask for."""

    AGREEMENT_AGREEMENT_DRAFT = "agreement:agreement:draft"
    AGREEMENT_AGREEMENT_SIGN = "agreement:agreement:sign"
    AGREEMENT_AGREEMENT_VIEW = "agreement:agreement:view"
    AGREEMENT_BREACH_ANSWER = "agreement:breach:answer"
    AGREEMENT_BREACH_VIEW = "agreement:breach:view"
    AUDIT_TRAIL_VIEW = "audit:trail:view"
    CATALOG_CHANGE_REGISTER = "catalog:change:register"
    CATALOG_DRAFT_VIEW = "catalog:draft:view"
    CATALOG_ENTRY_BIND = "catalog:entry:bind"
    CATALOG_ENTRY_CONSENT = "catalog:entry:consent"
    CATALOG_ENTRY_EDIT = "catalog:entry:edit"
    CATALOG_ENTRY_IMPORT = "catalog:entry:import"
    CATALOG_ENTRY_REVIEW = "catalog:entry:review"
    CATALOG_ENTRY_SUBMIT = "catalog:entry:submit"
    CATALOG_ENTRY_VIEW = "catalog:entry:view"
    CATALOG_EXTENSION_ASK = "catalog:extension:ask"
    CATALOG_EXTENSION_DECIDE = "catalog:extension:decide"
    CATALOG_FILING_DECIDE = "catalog:filing:decide"
    CATALOG_FILING_SUBMIT = "catalog:filing:submit"
    CATALOG_SEARCH_SAVE = "catalog:search:save"
    CATALOG_TEMPLATE_LOAD = "catalog:template:load"
    CLOCKS_CALENDAR_LOAD = "clocks:calendar:load"
    CLOCKS_CALENDAR_VIEW = "clocks:calendar:view"
    CLOCKS_CLOCK_VIEW = "clocks:clock:view"
    CLOCKS_RULE_LOAD = "clocks:rule:load"
    COMPLAINT_CASE_HANDLE = "complaint:case:handle"
    COMPLAINT_CASE_VIEW = "complaint:case:view"
    COMPLAINT_INQUIRY_CHECK = "complaint:inquiry:check"
    CORRECTION_CASE_ANSWER = "correction:case:answer"
    CORRECTION_CASE_CONFIRM = "correction:case:confirm"
    CORRECTION_CASE_RAISE = "correction:case:raise"
    CORRECTION_CASE_VIEW = "correction:case:view"
    DEMAND_DEMAND_ANSWER = "demand:demand:answer"
    DEMAND_DEMAND_ASSIGN = "demand:demand:assign"
    DEMAND_DEMAND_STATE = "demand:demand:state"
    DEMAND_DEMAND_VIEW = "demand:demand:view"
    DISPUTE_CASE_DECIDE = "dispute:case:decide"
    DISPUTE_CASE_MEDIATE = "dispute:case:mediate"
    DISPUTE_CASE_RAISE = "dispute:case:raise"
    DISPUTE_CASE_VIEW = "dispute:case:view"
    FLEET_NODE_REGISTER = "fleet:node:register"
    FLEET_NODE_VIEW = "fleet:node:view"
    FLEET_SOURCE_CONNECT = "fleet:source:connect"
    FLEET_SOURCE_INTROSPECT = "fleet:source:introspect"
    FLEET_SOURCE_VIEW = "fleet:source:view"
    INTAKE_BATCH_MAKE = "intake:batch:make"
    INTAKE_BATCH_VIEW = "intake:batch:view"
    JOBS_JOB_ORDER = "jobs:job:order"
    JOBS_JOB_VIEW = "jobs:job:view"
    JOBS_QUARANTINE_REPAIR = "jobs:quarantine:repair"
    LIBRARY_CONFLICT_SEND = "library:conflict:send"
    LIBRARY_ENGINE_TRY = "library:engine:try"
    LIBRARY_ENTITY_VIEW = "library:entity:view"
    LIBRARY_ERASURE_AGREE = "library:erasure:agree"
    LIBRARY_ERASURE_ASK = "library:erasure:ask"
    LIBRARY_ERASURE_VIEW = "library:erasure:view"
    LIBRARY_EVOLUTION_AGREE = "library:evolution:agree"
    LIBRARY_EVOLUTION_PROPOSE = "library:evolution:propose"
    LIBRARY_FEED_CONFIRM = "library:feed:confirm"
    LIBRARY_LIBRARY_PUBLISH = "library:library:publish"
    LIBRARY_LIBRARY_VIEW = "library:library:view"
    LIBRARY_REVIEW_JUDGE = "library:review:judge"
    LIBRARY_STATISTICS_QUERY = "library:statistics:query"
    LIBRARY_WORK_ORDER = "library:work:order"
    NORMS_CONFORMANCE_RUN = "norms:conformance:run"
    NORMS_ELEMENT_PROPOSE = "norms:element:propose"
    NORMS_ELEMENT_REVIEW = "norms:element:review"
    NORMS_NORM_VIEW = "norms:norm:view"
    NORMS_TABLE_LOAD = "norms:table:load"
    NOTIFY_CHANNEL_MANAGE = "notify:channel:manage"
    ORG_DIVISION_MANAGE = "org:division:manage"
    ORG_KEY_MANAGE = "org:key:manage"
    ORG_ORGANISATION_MANAGE = "org:organisation:manage"
    ORG_ORGANISATION_VIEW = "org:organisation:view"
    ORG_PASSWORD_RESET = "org:password:reset"  # noqa: S105 - the name of a permission
    ORG_POST_MANAGE = "org:post:manage"
    ORG_SYSTEM_MANAGE = "org:system:manage"
    ORG_SYSTEM_VIEW = "org:system:view"
    ORG_TOKEN_ISSUE = "org:token:issue"  # noqa: S105 - the name of a permission
    ORG_TOKEN_REVOKE = "org:token:revoke"  # noqa: S105 - the name of a permission
    ORG_USER_CREATE = "org:user:create"
    ORG_USER_LOCK = "org:user:lock"
    ORG_USER_VIEW = "org:user:view"
    OWNERSHIP_PLAN_DECIDE = "ownership:plan:decide"
    OWNERSHIP_PLAN_EDIT = "ownership:plan:edit"
    OWNERSHIP_POSITION_STATE = "ownership:position:state"
    OWNERSHIP_SOURCE_DESIGNATE = "ownership:source:designate"
    OWNERSHIP_SOURCE_VIEW = "ownership:source:view"
    QUALITY_FINDING_ACCEPT = "quality:finding:accept"
    QUALITY_FINDING_ANSWER = "quality:finding:answer"
    QUALITY_REPORT_VIEW = "quality:report:view"
    QUALITY_ROWS_OPEN = "quality:rows:open"
    QUALITY_RULE_EDIT = "quality:rule:edit"
    QUALITY_TABLE_CHECK = "quality:table:check"
    REMEDY_CHANGE_CONSULT = "remedy:change:consult"
    REMEDY_CHANGE_DECIDE = "remedy:change:decide"
    REMEDY_CHANGE_PROPOSE = "remedy:change:propose"
    REMEDY_DISPOSAL_REPORT = "remedy:disposal:report"
    REMEDY_DISPOSAL_VERIFY = "remedy:disposal:verify"
    REMEDY_LEDGER_INSPECT = "remedy:ledger:inspect"
    REMEDY_LEDGER_WRITE = "remedy:ledger:write"
    REMEDY_RECTIFICATION_ANSWER = "remedy:rectification:answer"
    REMEDY_RECTIFICATION_ORDER = "remedy:rectification:order"
    REMEDY_RECTIFICATION_VIEW = "remedy:rectification:view"
    SHARING_APPLICATION_CONSENT = "sharing:application:consent"
    SHARING_APPLICATION_DRAFT = "sharing:application:draft"
    SHARING_APPLICATION_VIEW = "sharing:application:view"
    SHARING_APPLICATION_WITHDRAW = "sharing:application:withdraw"
    SHARING_DELEGATION_MANAGE = "sharing:delegation:manage"
    SHARING_EXTENSION_ASK = "sharing:extension:ask"
    SHARING_EXTENSION_DECIDE = "sharing:extension:decide"
    SHARING_GRANT_CALL = "sharing:grant:call"
    SHARING_GRANT_REVOKE = "sharing:grant:revoke"
    SHARING_GRANT_SUSPEND = "sharing:grant:suspend"
    SHARING_GRANT_VIEW = "sharing:grant:view"
    SHARING_INBOX_VIEW = "sharing:inbox:view"
    SHARING_MESSAGE_SEND = "sharing:message:send"
    SHARING_NOTICE_VIEW = "sharing:notice:view"
    SHARING_REMINDER_SEND = "sharing:reminder:send"
    SHARING_REPLY_CONSENT = "sharing:reply:consent"
    SHARING_REPLY_PREPARE = "sharing:reply:prepare"
    SHARING_RETURN_ANSWER = "sharing:return:answer"
    SHARING_RETURN_ASK = "sharing:return:ask"
    SHARING_RETURN_VIEW = "sharing:return:view"
    SHARING_SUPPLEMENT_ANSWER = "sharing:supplement:answer"
    SHARING_SUPPLEMENT_ASK = "sharing:supplement:ask"
    SHARING_SUSPENSION_LIFT = "sharing:suspension:lift"
    SHARING_VIOLATION_RECORD = "sharing:violation:record"
    SHARING_VIOLATION_VIEW = "sharing:violation:view"
    SUPERVISION_VIOLATION_ANSWER = "supervision:violation:answer"
    SUPERVISION_VIOLATION_DECIDE = "supervision:violation:decide"
    SUPERVISION_VIOLATION_REPORT = "supervision:violation:report"
    USAGE_ACCESS_VIEW = "usage:access:view"
    USAGE_EVIDENCE_VIEW = "usage:evidence:view"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the matrix. ``roles`` hold the permission because of ``reason``."""

    permission: Permission
    roles: frozenset[str]
    reason: str


THREE_ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
"""三员: nobody holds two of these at a time."""
HEADS = frozenset({Role.DEPARTMENT_HEAD, Role.OFFICE_HEAD})
"""条例 13 and 20 ask two different people of a department."""

_WORKERS = (Role.REQUESTER, Role.STEWARD)
_DEPARTMENT = (*_WORKERS, Role.OFFICE_HEAD, Role.DEPARTMENT_HEAD)
_READERS = (*_DEPARTMENT, Role.AUTHORITY, Role.LEADER)
_EVERYONE = tuple(Role)
_PLATFORM = (PLATFORM_ROLE,)


def _rule(permission: Permission, roles: Iterable[str], reason: str) -> Rule:
    return Rule(permission, frozenset(map(str, roles)), reason)


RULES: tuple[Rule, ...] = (
    _rule(
        Permission.AGREEMENT_AGREEMENT_DRAFT, _WORKERS, "the terms of an agreed application, either side's data office"
    ),
    _rule(Permission.AGREEMENT_AGREEMENT_SIGN, (Role.OFFICE_HEAD,), "工作机构负责人 signs for a side (条例 11, 20)"),
    _rule(
        Permission.AGREEMENT_AGREEMENT_VIEW,
        (*_READERS, Role.AUDITOR),
        "either side; the authority its division; the auditor all",
    ),
    _rule(Permission.AGREEMENT_BREACH_ANSWER, (*_WORKERS, Role.OFFICE_HEAD), "the responsible party explains"),
    _rule(Permission.AGREEMENT_BREACH_VIEW, (*_READERS, Role.AUDITOR), "either side; the authority its division"),
    _rule(Permission.AUDIT_TRAIL_VIEW, (Role.AUDITOR,), "the third hand watches the other two"),
    _rule(
        Permission.CATALOG_CHANGE_REGISTER,
        (Role.STEWARD, Role.AUTHORITY),
        "条例 17: a change of law or duty starts the clock of every entry it touches; the authority for its division",
    ),
    _rule(
        Permission.CATALOG_DRAFT_VIEW,
        (Role.STEWARD, Role.OFFICE_HEAD, Role.DEPARTMENT_HEAD, Role.AUTHORITY),
        "own department's drafts; the authority only what was submitted to it (条例 16)",
    ),
    _rule(Permission.CATALOG_ENTRY_BIND, (Role.STEWARD, *_PLATFORM), "挂接 is the data office's work (条例 11)"),
    _rule(Permission.CATALOG_ENTRY_CONSENT, (Role.DEPARTMENT_HEAD,), "条例 13: 部门负责人, never the platform"),
    _rule(Permission.CATALOG_ENTRY_EDIT, (Role.STEWARD,), "条例 11(1): the data office compiles the catalog"),
    _rule(Permission.CATALOG_ENTRY_IMPORT, _PLATFORM, "a catalog published elsewhere before is taken over once"),
    _rule(Permission.CATALOG_ENTRY_REVIEW, (Role.AUTHORITY,), "条例 16, 17: the authority publishes or returns"),
    _rule(Permission.CATALOG_ENTRY_SUBMIT, (Role.STEWARD, Role.OFFICE_HEAD), "条例 16: the data office submits"),
    _rule(Permission.CATALOG_ENTRY_VIEW, _READERS, "条例 16: what is published is announced to all departments"),
    _rule(Permission.CATALOG_EXTENSION_ASK, (Role.STEWARD,), "条例 17: five more working days for special reasons"),
    _rule(Permission.CATALOG_EXTENSION_DECIDE, (Role.AUTHORITY,), "条例 17: with the authority's consent"),
    _rule(Permission.CATALOG_FILING_DECIDE, (Role.AUTHORITY,), "条例 27(3): the authority takes the filing"),
    _rule(Permission.CATALOG_FILING_SUBMIT, (Role.STEWARD, Role.OFFICE_HEAD), "条例 27(3): the provider files"),
    _rule(Permission.CATALOG_SEARCH_SAVE, _READERS, "whoever may search may be told of what is new"),
    _rule(Permission.CATALOG_TEMPLATE_LOAD, (Role.AUTHORITY, *_PLATFORM), "条例 12: the authority sets the template"),
    _rule(Permission.CLOCKS_CALENDAR_LOAD, (Role.SYSTEM_ADMIN, *_PLATFORM), "running the platform, not deciding on it"),
    _rule(Permission.CLOCKS_CALENDAR_VIEW, (*_EVERYONE, *_PLATFORM), "everybody is bound by the same days"),
    _rule(Permission.CLOCKS_CLOCK_VIEW, _READERS, "own department; the authority its division (条例 38)"),
    _rule(
        Permission.CLOCKS_RULE_LOAD,
        (Role.AUTHORITY, *_PLATFORM),
        "条例 23: a local period may be stricter, never looser",
    ),
    _rule(
        Permission.COMPLAINT_CASE_HANDLE, (Role.STEWARD, Role.OFFICE_HEAD), "条例 37: the receiving department handles"
    ),
    _rule(
        Permission.COMPLAINT_CASE_VIEW,
        (Role.STEWARD, Role.OFFICE_HEAD, Role.AUTHORITY, Role.AUDITOR),
        "own department; the authority its division",
    ),
    _rule(
        Permission.COMPLAINT_INQUIRY_CHECK,
        (Role.REQUESTER, Role.STEWARD),
        "the counter checks the identity of whoever asks (个人信息保护法 45)",
    ),
    _rule(
        Permission.CORRECTION_CASE_ANSWER, (Role.STEWARD,), "条例 26: the provider verifies, corrects and feeds back"
    ),
    _rule(Permission.CORRECTION_CASE_CONFIRM, _WORKERS, "whoever raised it or received the value says that it arrived"),
    _rule(Permission.CORRECTION_CASE_RAISE, _WORKERS, "条例 26: whoever doubts asks for a check"),
    _rule(
        Permission.CORRECTION_CASE_VIEW,
        (*_READERS, Role.AUDITOR),
        "either side and those who received it; the authority its division",
    ),
    _rule(Permission.DEMAND_DEMAND_ANSWER, (Role.STEWARD,), "the presumed holder says whether it holds the data"),
    _rule(Permission.DEMAND_DEMAND_ASSIGN, (Role.AUTHORITY,), "条例 20(1): the authority docks demand and supply"),
    _rule(Permission.DEMAND_DEMAND_STATE, _WORKERS, "any department states a need"),
    _rule(Permission.DEMAND_DEMAND_VIEW, _READERS, "the state of a need is public to departments"),
    _rule(Permission.DISPUTE_CASE_DECIDE, (Role.LEADER,), "条例 28: the government of the level decides in the end"),
    _rule(Permission.DISPUTE_CASE_MEDIATE, (Role.AUTHORITY,), "条例 28: the common authority coordinates"),
    _rule(Permission.DISPUTE_CASE_RAISE, (Role.STEWARD, Role.REQUESTER, Role.OFFICE_HEAD), "either side of a share"),
    _rule(Permission.DISPUTE_CASE_VIEW, (*_READERS, Role.AUDITOR), "the parties, the coordinator and the government"),
    _rule(Permission.FLEET_NODE_REGISTER, (Role.SYSTEM_ADMIN, *_PLATFORM), "running the platform"),
    _rule(Permission.FLEET_NODE_VIEW, (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN), "running and guarding the platform"),
    _rule(
        Permission.FLEET_SOURCE_CONNECT,
        (Role.STEWARD,),
        "whoever answers for a department's data gives the node the account of its database (条例 11)",
    ),
    _rule(Permission.FLEET_SOURCE_INTROSPECT, (Role.STEWARD, Role.SYSTEM_ADMIN, *_PLATFORM), "lists tables, no row"),
    _rule(Permission.FLEET_SOURCE_VIEW, (Role.STEWARD, Role.SYSTEM_ADMIN), "a steward sees the own department's"),
    _rule(Permission.INTAKE_BATCH_MAKE, (Role.STEWARD, *_PLATFORM), "条例 11(1): lists, files and databases come in"),
    _rule(Permission.INTAKE_BATCH_VIEW, (Role.STEWARD, Role.OFFICE_HEAD), "own department's batches"),
    _rule(Permission.JOBS_JOB_ORDER, (Role.STEWARD,), "moving data is the holder's decision"),
    _rule(Permission.JOBS_JOB_VIEW, (Role.STEWARD, Role.OFFICE_HEAD, Role.AUTHORITY, Role.SYSTEM_ADMIN), "operations"),
    _rule(
        Permission.JOBS_QUARANTINE_REPAIR,
        (Role.STEWARD,),
        "rows a move refused are put right by their holder, at the node",
    ),
    _rule(
        Permission.LIBRARY_CONFLICT_SEND,
        (Role.STEWARD,),
        "条例 19, 26: whoever keeps a library has its sources put right; the keeping is asked besides",
    ),
    _rule(Permission.LIBRARY_ENGINE_TRY, (Role.SYSTEM_ADMIN,), "running the platform; no row is read"),
    _rule(
        Permission.LIBRARY_ENTITY_VIEW,
        (Role.STEWARD, Role.AUTHORITY),
        "one fused record at the node, masked by grade, for those who keep the library or answer for a row of it",
    ),
    _rule(
        Permission.LIBRARY_ERASURE_AGREE,
        (Role.AUTHORITY,),
        "个人信息保护法 47: the second of two people, who runs the libraries, agrees to what the node counted",
    ),
    _rule(
        Permission.LIBRARY_ERASURE_ASK,
        (Role.STEWARD,),
        "个人信息保护法 47: whoever answers for a department's data asks for the erasure of a person",
    ),
    _rule(
        Permission.LIBRARY_ERASURE_VIEW,
        (Role.STEWARD, Role.AUTHORITY),
        "the department that asked sees its own, the authority all; none of them names the person",
    ),
    _rule(
        Permission.LIBRARY_EVOLUTION_AGREE,
        (Role.DEPARTMENT_HEAD, Role.AUTHORITY),
        "条例 13, 19: the departments whose data fills a table agree to its change, and the authority",
    ),
    _rule(
        Permission.LIBRARY_EVOLUTION_PROPOSE,
        (Role.STEWARD, Role.AUTHORITY),
        "whoever fills or runs a library says what it lacks",
    ),
    _rule(
        Permission.LIBRARY_FEED_CONFIRM,
        (Role.STEWARD, *_PLATFORM),
        "whoever answers for a department's data says what fills the library (条例 11)",
    ),
    _rule(
        Permission.LIBRARY_LIBRARY_PUBLISH,
        (Role.AUTHORITY, *_PLATFORM),
        "条例 12, 19: the authority sets what the libraries are",
    ),
    _rule(
        Permission.LIBRARY_LIBRARY_VIEW,
        (*_READERS, Role.SYSTEM_ADMIN, Role.AUDITOR),
        "what the libraries hold, in counts, is known to all departments",
    ),
    _rule(
        Permission.LIBRARY_REVIEW_JUDGE,
        (Role.STEWARD, Role.AUTHORITY),
        "those who keep a library say what the machine may not decide: whether two records are one",
    ),
    _rule(
        Permission.LIBRARY_STATISTICS_QUERY,
        _READERS,
        "counts in which no single one can be seen, for every department and its leaders; each question is on record",
    ),
    _rule(
        Permission.LIBRARY_WORK_ORDER,
        (Role.AUTHORITY, Role.STEWARD, *_PLATFORM),
        "the authority runs the libraries; a steward has the own feeds taken up",
    ),
    _rule(
        Permission.NORMS_CONFORMANCE_RUN,
        (Role.STEWARD, Role.AUTHORITY, *_PLATFORM),
        "own department; the authority its division",
    ),
    _rule(Permission.NORMS_ELEMENT_PROPOSE, (Role.STEWARD, Role.AUTHORITY), "whoever describes data may propose"),
    _rule(Permission.NORMS_ELEMENT_REVIEW, (Role.AUTHORITY, *_PLATFORM), "条例 12: the authority sets the norms"),
    _rule(Permission.NORMS_NORM_VIEW, (*_READERS, Role.AUDITOR), "norms bind everybody"),
    _rule(Permission.NORMS_TABLE_LOAD, (Role.AUTHORITY, *_PLATFORM), "code tables come from standards, whole"),
    _rule(Permission.NOTIFY_CHANNEL_MANAGE, (Role.SYSTEM_ADMIN,), "ways out of the platform, and what did not arrive"),
    _rule(Permission.ORG_DIVISION_MANAGE, (Role.SYSTEM_ADMIN, *_PLATFORM), "register of divisions"),
    _rule(Permission.ORG_KEY_MANAGE, (Role.SECURITY_ADMIN, *_PLATFORM), "keys decide who may call"),
    _rule(Permission.ORG_ORGANISATION_MANAGE, (Role.SYSTEM_ADMIN, *_PLATFORM), "register of organisations"),
    _rule(Permission.ORG_ORGANISATION_VIEW, (*_EVERYONE, *_PLATFORM), "who takes part is known to all"),
    _rule(Permission.ORG_PASSWORD_RESET, (Role.SECURITY_ADMIN, *_PLATFORM), "giving back access"),
    _rule(Permission.ORG_POST_MANAGE, (Role.SECURITY_ADMIN, *_PLATFORM), "authorising is apart from creating accounts"),
    _rule(Permission.ORG_SYSTEM_MANAGE, (Role.SYSTEM_ADMIN, *_PLATFORM), "register of information systems"),
    _rule(
        Permission.ORG_SYSTEM_VIEW,
        (*_DEPARTMENT, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN),
        "a department its own, the administrators all",
    ),
    _rule(Permission.ORG_TOKEN_ISSUE, (*_EVERYONE, *_PLATFORM), "for the own post only"),
    _rule(Permission.ORG_TOKEN_REVOKE, (Role.SECURITY_ADMIN, *_PLATFORM), "anybody else only the own"),
    _rule(Permission.ORG_USER_CREATE, (Role.SYSTEM_ADMIN, *_PLATFORM), "an account without a post can do nothing"),
    _rule(Permission.ORG_USER_LOCK, (Role.SECURITY_ADMIN, *_PLATFORM), "taking access away"),
    _rule(Permission.ORG_USER_VIEW, (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, *_PLATFORM), "their work"),
    _rule(Permission.OWNERSHIP_PLAN_DECIDE, (Role.AUTHORITY,), "条例 19: no repeated collection, unless justified"),
    _rule(Permission.OWNERSHIP_PLAN_EDIT, (Role.STEWARD,), "whoever designs a form registers what it asks for"),
    _rule(
        Permission.OWNERSHIP_POSITION_STATE,
        (Role.STEWARD, Role.OFFICE_HEAD),
        "条例 19: a department is heard before a source is designated",
    ),
    _rule(Permission.OWNERSHIP_SOURCE_DESIGNATE, (Role.AUTHORITY,), "条例 19: the authority designates 数源部门"),
    _rule(Permission.OWNERSHIP_SOURCE_VIEW, _READERS, "everybody has to know the source"),
    _rule(
        Permission.QUALITY_FINDING_ACCEPT,
        (Role.AUTHORITY,),
        "whether a finding may stand as it is, is not for whoever caused it",
    ),
    _rule(
        Permission.QUALITY_FINDING_ANSWER,
        (Role.STEWARD, Role.OFFICE_HEAD),
        "whoever answers for a table puts right what a check found (条例 18)",
    ),
    _rule(
        Permission.QUALITY_REPORT_VIEW,
        (*_READERS, Role.AUDITOR),
        "scores and counts are known to all departments that may use the data",
    ),
    _rule(
        Permission.QUALITY_ROWS_OPEN,
        (Role.STEWARD,),
        "the own rows, at the node, masked by grade; every opening is on record",
    ),
    _rule(Permission.QUALITY_RULE_EDIT, (Role.STEWARD,), "own tables: rules beyond those of the elements"),
    _rule(
        Permission.QUALITY_TABLE_CHECK,
        (Role.STEWARD, Role.AUTHORITY),
        "own tables; the authority its division's libraries",
    ),
    _rule(
        Permission.REMEDY_CHANGE_CONSULT,
        (Role.REQUESTER, Role.STEWARD, Role.OFFICE_HEAD),
        "条例 27(3): the requester is consulted",
    ),
    _rule(Permission.REMEDY_CHANGE_DECIDE, (Role.AUTHORITY,), "条例 27(3): the authority takes the filing"),
    _rule(
        Permission.REMEDY_CHANGE_PROPOSE,
        (Role.STEWARD, Role.OFFICE_HEAD),
        "条例 27(3): the provider would change or end a service",
    ),
    _rule(Permission.REMEDY_DISPOSAL_REPORT, _WORKERS, "条例 27(1): the requester disposes and certifies"),
    _rule(Permission.REMEDY_DISPOSAL_VERIFY, (Role.STEWARD, Role.OFFICE_HEAD), "条例 27(1): as the provider requires"),
    _rule(
        Permission.REMEDY_LEDGER_INSPECT,
        (*_READERS, Role.AUDITOR),
        "条例 29(2): the authority and the provider may inspect",
    ),
    _rule(Permission.REMEDY_LEDGER_WRITE, _WORKERS, "条例 29(2): the requester records its use"),
    _rule(
        Permission.REMEDY_RECTIFICATION_ANSWER,
        (*_WORKERS, Role.OFFICE_HEAD),
        "条例 27(2): whoever is to put it right reports",
    ),
    _rule(
        Permission.REMEDY_RECTIFICATION_ORDER,
        (Role.STEWARD, Role.OFFICE_HEAD, Role.AUTHORITY),
        "条例 27(2): provider or authority",
    ),
    _rule(Permission.REMEDY_RECTIFICATION_VIEW, (*_READERS, Role.AUDITOR), "either side; the authority its division"),
    _rule(Permission.SHARING_APPLICATION_CONSENT, (Role.OFFICE_HEAD,), "条例 20(2): 工作机构负责人 of the requester"),
    _rule(Permission.SHARING_APPLICATION_DRAFT, _WORKERS, "条例 11(2)"),
    _rule(
        Permission.SHARING_APPLICATION_VIEW,
        (*_READERS, Role.AUDITOR),
        "either side; the authority its division; the auditor what was submitted",
    ),
    _rule(Permission.SHARING_APPLICATION_WITHDRAW, _WORKERS, "whoever asks may stop asking"),
    _rule(
        Permission.SHARING_DELEGATION_MANAGE,
        (Role.OFFICE_HEAD,),
        "a head may let another of the office consent between two dates",
    ),
    _rule(Permission.SHARING_EXTENSION_ASK, (Role.STEWARD,), "条例 21(1): the provider asks"),
    _rule(Permission.SHARING_EXTENSION_DECIDE, (Role.AUTHORITY,), "条例 21(1): the authority consents"),
    _rule(Permission.SHARING_GRANT_CALL, _WORKERS, "a granted call in the browser, recorded like any other"),
    _rule(Permission.SHARING_GRANT_REVOKE, (Role.OFFICE_HEAD, Role.AUTHORITY), "条例 27(2): provider or authority"),
    _rule(
        Permission.SHARING_GRANT_SUSPEND,
        (Role.STEWARD, Role.OFFICE_HEAD, Role.AUTHORITY, *_PLATFORM),
        "条例 27(2): provider or authority, at once",
    ),
    _rule(
        Permission.SHARING_GRANT_VIEW,
        (*_READERS, Role.AUDITOR),
        "either side; the authority its division; the auditor all",
    ),
    _rule(Permission.SHARING_INBOX_VIEW, _EVERYONE, "each post sees what waits for it, if only an empty list"),
    _rule(Permission.SHARING_MESSAGE_SEND, (*_WORKERS, Role.OFFICE_HEAD), "either side of an application"),
    _rule(Permission.SHARING_NOTICE_VIEW, _EVERYONE, "own organisation's notices"),
    _rule(Permission.SHARING_REMINDER_SEND, (*_WORKERS, Role.OFFICE_HEAD), "催一下 by whoever waits"),
    _rule(Permission.SHARING_REPLY_CONSENT, (Role.OFFICE_HEAD,), "条例 20(3): 工作机构负责人 of the provider"),
    _rule(Permission.SHARING_REPLY_PREPARE, (Role.STEWARD,), "条例 11(2): the data office reviews what it receives"),
    _rule(Permission.SHARING_RETURN_ANSWER, (Role.STEWARD,), "条例 24: the upper department confirms the terms"),
    _rule(Permission.SHARING_RETURN_ASK, _WORKERS, "条例 24: the lower department asks for its own area"),
    _rule(Permission.SHARING_RETURN_VIEW, (*_READERS, Role.AUDITOR), "either side; the authority its division"),
    _rule(Permission.SHARING_SUPPLEMENT_ANSWER, _WORKERS, "条例 21(2)"),
    _rule(Permission.SHARING_SUPPLEMENT_ASK, (Role.STEWARD,), "条例 21(2)"),
    _rule(Permission.SHARING_SUSPENSION_LIFT, (Role.OFFICE_HEAD, Role.AUTHORITY), "going on is a decision of its own"),
    _rule(Permission.SHARING_VIOLATION_RECORD, _PLATFORM, "found by a scan, not by opinion (条例 39, 40)"),
    _rule(
        Permission.SHARING_VIOLATION_VIEW,
        (Role.OFFICE_HEAD, Role.DEPARTMENT_HEAD, Role.AUTHORITY, Role.LEADER),
        "own department; the authority and leaders their division (条例 38)",
    ),
    _rule(
        Permission.SUPERVISION_VIOLATION_ANSWER,
        (Role.STEWARD, Role.OFFICE_HEAD, Role.AUTHORITY),
        "whoever it is about is heard and puts it right; an authority its own",
    ),
    _rule(
        Permission.SUPERVISION_VIOLATION_DECIDE,
        (Role.AUTHORITY, Role.LEADER),
        "条例 39-41: the authority, or its superior for its own",
    ),
    _rule(
        Permission.SUPERVISION_VIOLATION_REPORT,
        (Role.REQUESTER, Role.STEWARD, Role.OFFICE_HEAD),
        "a department reports what no scan can see",
    ),
    _rule(Permission.USAGE_ACCESS_VIEW, (*_READERS, Role.AUDITOR), "条例 29(2); the auditor sees every call"),
    _rule(
        Permission.USAGE_EVIDENCE_VIEW,
        (*_WORKERS, Role.OFFICE_HEAD, Role.AUTHORITY, Role.AUDITOR),
        "proof of one call for either side and those who inspect",
    ),
)


def _holders() -> dict[Permission, frozenset[str]]:
    return {rule.permission: rule.roles for rule in RULES}


HOLDERS = _holders()
"""Which roles hold a permission."""
ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    role: frozenset(rule.permission for rule in RULES if role in rule.roles)
    for role in (*map(str, Role), PLATFORM_ROLE)
}
"""What a role may do."""
