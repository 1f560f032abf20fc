from __future__ import annotations

import re
from itertools import combinations

import pytest

from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import (
    HOLDERS,
    PLATFORM_ROLE,
    ROLE_PERMISSIONS,
    RULES,
    THREE_ADMINISTRATORS,
    Permission,
)
from jutong.center.org.queries import has, require
from jutong.kernel.errors import ForbiddenError

READ = {"view"}


def actor(role: str) -> Actor:
    return Actor("u", "某人", role, "11629900MB4482457G", "金河市民政局")


def test_every_permission_has_one_row_in_alphabetical_order():
    listed = [rule.permission.value for rule in RULES]
    assert listed == sorted(permission.value for permission in Permission)


def test_a_permission_reads_scope_object_action_like_its_name():
    for permission in Permission:
        assert re.fullmatch(r"[a-z]+:[a-z-]+:[a-z-]+", permission.value)
        assert permission.name.lower() == permission.value.replace(":", "_").replace("-", "_")


def test_every_row_names_known_roles_and_a_reason():
    known = {*Role.values, PLATFORM_ROLE}
    for rule in RULES:
        assert rule.roles
        assert rule.roles <= known
        assert rule.reason


def test_the_three_administrators_share_only_what_everybody_has():
    everybody = {permission for permission in Permission if set(Role.values) <= HOLDERS[permission]}
    shared_views = {
        Permission.ORG_USER_VIEW, Permission.ORG_SYSTEM_VIEW, Permission.FLEET_NODE_VIEW,
        Permission.LIBRARY_LIBRARY_VIEW,
    }  # fmt: skip
    for one, other in combinations(THREE_ADMINISTRATORS, 2):
        assert ROLE_PERMISSIONS[one] & ROLE_PERMISSIONS[other] <= everybody | shared_views


@pytest.mark.parametrize("role", sorted(THREE_ADMINISTRATORS))
def test_administrators_hold_no_business_permission_but_to_read(role: str):
    business = {p.value for p in ROLE_PERMISSIONS[role] if p.value.startswith(("catalog:", "sharing:"))}
    assert {permission.rsplit(":", 1)[1] for permission in business} == READ
    if role != Role.AUDITOR:
        assert business == {"sharing:inbox:view", "sharing:notice:view"}


def test_the_auditor_only_reads_and_the_leader_decides_what_the_government_does():
    harmless = {"issue", "save", "set", "inspect", "query"}  # token, searches, being told, looking, counting
    decided = {Permission.DISPUTE_CASE_DECIDE, Permission.SUPERVISION_VIOLATION_DECIDE}  # 条例 28, 41
    for role, besides in ((Role.AUDITOR, set()), (Role.LEADER, decided)):
        acts = {permission for permission in ROLE_PERMISSIONS[role] if permission.value.rsplit(":", 1)[1] not in READ}
        assert {permission.value.rsplit(":", 1)[1] for permission in acts - besides} <= harmless


def test_the_auditor_reads_trail_and_usage_and_nothing_of_the_catalog():
    scopes = {p.value.split(":")[0] for p in ROLE_PERMISSIONS[Role.AUDITOR]}
    assert {"audit", "usage"} <= scopes
    assert "catalog" not in scopes


@pytest.mark.parametrize(
    "permission",
    [
        Permission.CATALOG_ENTRY_CONSENT,
        Permission.CATALOG_ENTRY_REVIEW,
        Permission.SHARING_APPLICATION_CONSENT,
        Permission.SHARING_REPLY_CONSENT,
        Permission.SHARING_EXTENSION_DECIDE,
    ],
)
def test_the_platform_never_decides_for_a_person(permission: Permission):
    assert not has(platform_actor("scan"), permission)
    assert len(HOLDERS[permission]) == 1


def test_an_unknown_role_holds_nothing():
    assert not any(has(actor("emperor"), permission) for permission in Permission)


def test_refusal_names_the_posts_needed_and_the_post_held():
    require(actor(Role.STEWARD), Permission.CATALOG_ENTRY_EDIT)
    with pytest.raises(ForbiddenError) as refused:
        require(actor(Role.REQUESTER), Permission.CATALOG_ENTRY_SUBMIT)
    assert refused.value.explain() == "这一步需要“数据专员、工作机构负责人”岗位，您现在的岗位是“经办人”。"
    with pytest.raises(ForbiddenError) as refused:
        require(actor(Role.STEWARD), Permission.CATALOG_ENTRY_IMPORT)
    assert "“平台”" in refused.value.explain()
    with pytest.raises(ForbiddenError) as refused:
        require(platform_actor("scan"), Permission.CATALOG_ENTRY_CONSENT)
    assert refused.value.envelope()["error"]["fields"] == {"needed": "部门负责人", "post": "平台"}
