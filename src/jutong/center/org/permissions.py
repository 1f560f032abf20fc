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
    FLEET_NODE_REGISTER = "fleet:node:register"
    FLEET_NODE_VIEW = "fleet:node:view"
    FLEET_SOURCE_INTROSPECT = "fleet:source:introspect"
    FLEET_SOURCE_VIEW = "fleet:source:view"
    INTAKE_BATCH_MAKE = "intake:batch:make"
    INTAKE_BATCH_VIEW = "intake:batch:view"
    JOBS_JOB_ORDER = "jobs:job:order"
    JOBS_JOB_VIEW = "jobs:job:view"
    NORMS_CONFORMANCE_RUN = "norms:conformance:run"
    NORMS_ELEMENT_PROPOSE = "norms:element:propose"
    NORMS_ELEMENT_REVIEW = "norms:element:review"
    NORMS_NORM_VIEW = "norms:norm:view"
    NORMS_TABLE_LOAD = "norms:table:load"
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
    SHARING_APPLICATION_CONSENT = "sharing:application:consent"
    SHARING_APPLICATION_DRAFT = "sharing:application:draft"
    SHARING_APPLICATION_VIEW = "sharing:application:view"
    SHARING_APPLICATION_WITHDRAW = "sharing:application:withdraw"
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
    SHARING_SUPPLEMENT_ANSWER = "sharing:supplement:answer"
    SHARING_SUPPLEMENT_ASK = "sharing:supplement:ask"
    SHARING_SUSPENSION_LIFT = "sharing:suspension:lift"
    SHARING_VIOLATION_RECORD = "sharing:violation:record"
    SHARING_VIOLATION_VIEW = "sharing:violation:view"
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
    _rule(Permission.FLEET_NODE_REGISTER, (Role.SYSTEM_ADMIN, *_PLATFORM), "running the platform"),
    _rule(Permission.FLEET_NODE_VIEW, (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN), "running and guarding the platform"),
    _rule(Permission.FLEET_SOURCE_INTROSPECT, (Role.STEWARD, Role.SYSTEM_ADMIN, *_PLATFORM), "lists tables, no row"),
    _rule(Permission.FLEET_SOURCE_VIEW, (Role.STEWARD, Role.SYSTEM_ADMIN), "a steward sees the own department's"),
    _rule(Permission.INTAKE_BATCH_MAKE, (Role.STEWARD, *_PLATFORM), "条例 11(1): lists, files and databases come in"),
    _rule(Permission.INTAKE_BATCH_VIEW, (Role.STEWARD, Role.OFFICE_HEAD), "own department's batches"),
    _rule(Permission.JOBS_JOB_ORDER, (Role.STEWARD,), "moving data is the holder's decision"),
    _rule(Permission.JOBS_JOB_VIEW, (Role.STEWARD, Role.OFFICE_HEAD, Role.AUTHORITY, Role.SYSTEM_ADMIN), "operations"),
    _rule(
        Permission.NORMS_CONFORMANCE_RUN,
        (Role.STEWARD, Role.AUTHORITY, *_PLATFORM),
        "own department; the authority its division",
    ),
    _rule(Permission.NORMS_ELEMENT_PROPOSE, (Role.STEWARD, Role.AUTHORITY), "whoever describes data may propose"),
    _rule(Permission.NORMS_ELEMENT_REVIEW, (Role.AUTHORITY, *_PLATFORM), "条例 12: the authority sets the norms"),
    _rule(Permission.NORMS_NORM_VIEW, (*_READERS, Role.AUDITOR), "norms bind everybody"),
    _rule(Permission.NORMS_TABLE_LOAD, (Role.AUTHORITY, *_PLATFORM), "code tables come from standards, whole"),
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
    _rule(Permission.SHARING_APPLICATION_CONSENT, (Role.OFFICE_HEAD,), "条例 20(2): 工作机构负责人 of the requester"),
    _rule(Permission.SHARING_APPLICATION_DRAFT, _WORKERS, "条例 11(2)"),
    _rule(
        Permission.SHARING_APPLICATION_VIEW,
        (*_READERS, Role.AUDITOR),
        "either side; the authority its division; the auditor what was submitted",
    ),
    _rule(Permission.SHARING_APPLICATION_WITHDRAW, _WORKERS, "whoever asks may stop asking"),
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
    _rule(Permission.SHARING_SUPPLEMENT_ANSWER, _WORKERS, "条例 21(2)"),
    _rule(Permission.SHARING_SUPPLEMENT_ASK, (Role.STEWARD,), "条例 21(2)"),
    _rule(Permission.SHARING_SUSPENSION_LIFT, (Role.OFFICE_HEAD, Role.AUTHORITY), "going on is a decision of its own"),
    _rule(Permission.SHARING_VIOLATION_RECORD, _PLATFORM, "found by a scan, not by opinion (条例 39, 40)"),
    _rule(
        Permission.SHARING_VIOLATION_VIEW,
        (Role.OFFICE_HEAD, Role.DEPARTMENT_HEAD, Role.AUTHORITY, Role.LEADER),
        "own department; the authority and leaders their division (条例 38)",
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
