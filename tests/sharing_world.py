"""A small registry for tests of sharing: two departments, their authority, people, a published entry, a node."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from jutong.center.catalog.enums import (
    DataFormat,
    FieldMode,
    Grade,
    ShareAttribute,
    ShareWay,
    UpdateCycle,
    VersionState,
)
from jutong.center.catalog.models import Binding, Entry, EntryVersion, Item
from jutong.center.fleet.models import Node, Source
from jutong.center.org.actor import Actor
from jutong.center.org.enums import DivisionLevel, Role
from jutong.center.org.models import Division, InformationSystem, Organisation, Post, SystemKey, User
from jutong.center.org.queries import actor_for
from jutong.contracts.envelope import Document, Envelope, seal
from jutong.kernel.keys import Ed25519Signer, generate_signer

NOW = datetime(2026, 11, 9, 1, 12, tzinfo=UTC)
"""Monday 9 November 2026, 09:12 in Beijing."""
DIVISION = "629900"
FORBIDDEN = {
    "refusal_reason": "条例明确不得提供",
    "basis_kind": "regulation",
    "basis_title": "婚姻登记条例",
    "basis_article": "第十五条",
}


def at(days: float) -> datetime:
    return NOW + timedelta(days=days)


@dataclass
class World:
    """Ready-made rows and the actors in them."""

    education: Organisation
    civil: Organisation
    bigdata: Organisation
    other: Organisation
    system: InformationSystem
    system_key: SystemKey
    entry: Entry
    items: dict[str, Item]
    node: Node
    node_signer: Ed25519Signer
    source: Source
    actors: dict[str, Actor] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Actor:
        actors: dict[str, Actor] = self.__dict__["actors"]
        if name not in actors:
            raise AttributeError(name)
        return actors[name]

    def receipt(
        self, kind: str, body: Document, now: datetime = NOW, *, signer: Ed25519Signer | None = None
    ) -> Envelope:
        return seal(kind, body, signer=signer or self.node_signer, issuer=self.node.name, audience="center", now=now)

    def bind(self, now: datetime = NOW, **columns: str) -> Binding:
        names = {
            "公民身份号码": "id_number",
            "姓名": "name",
            "婚姻状况": "marital",
            "住址": "address",
            "行政区划": "division",
        }
        return Binding.objects.create(
            entry=self.entry, source=self.source.name, schema_name="public", table="marriage",
            columns=columns or names, bound_at=now,
        )  # fmt: skip


def organisation(
    code: str, name: str, short: str, *, authority: bool = False, division: str = DIVISION
) -> Organisation:
    return Organisation.objects.create(
        code=code, name=name, short_name=short, division_code=division, is_authority=authority, created_at=NOW
    )


def person(where: Organisation, role: Role, username: str, name: str) -> Actor:
    user = User.objects.create(username=username, name=name, password="!", created_at=NOW)
    return actor_for(Post.objects.create(user=user, organisation=where, role=role, valid_from=NOW))


def publish(
    owner: Organisation, *, name: str, code: str, attribute: str = ShareAttribute.CONDITIONAL, number: int = 1
) -> tuple[Entry, dict[str, Item]]:
    entry = Entry.objects.create(code=code, organisation=owner, created_at=NOW, updated_at=NOW)
    return entry, publish_version(entry, name=name, attribute=attribute, number=number)


def publish_version(entry: Entry, *, name: str, attribute: str, number: int) -> dict[str, Item]:
    entry.versions.filter(state=VersionState.PUBLISHED).update(state=VersionState.SUPERSEDED)
    version = EntryVersion.objects.create(
        entry=entry, number=number, state=VersionState.PUBLISHED, name=name, data_format=DataFormat.DATABASE,
        update_cycle=UpdateCycle.DAILY, share_attribute=attribute, share_way=ShareWay.SERVICE, grade=Grade.G3,
        **({} if attribute != ShareAttribute.NONE else FORBIDDEN), not_secret=True, created_at=NOW,
        published_at=NOW,
    )  # fmt: skip
    rows = (
        ("公民身份号码", Grade.G3, FieldMode.PLAIN, "identity", True),
        ("姓名", Grade.G2, FieldMode.PLAIN, "name", False),
        ("婚姻状况", Grade.G1, FieldMode.PLAIN, "all", False),
        ("住址", Grade.G4, FieldMode.PLAIN, "address", False),
        ("行政区划", Grade.G1, FieldMode.MASKED, "division", False),
    )
    items = {
        title: Item.objects.create(
            version=version, position=at_, name=title, data_type="C", grade=grade, widest_mode=mode, mask=mask,
            is_key=key,
        )
        for at_, (title, grade, mode, mask, key) in enumerate(rows, start=1)
    }  # fmt: skip
    Entry.objects.filter(id=entry.id).update(published=version, published_name=name, share_attribute=attribute)
    entry.refresh_from_db()
    return items


def _people(world: World) -> dict[str, Actor]:
    rows = (
        ("requester", world.education, Role.REQUESTER, "吴思源"),
        ("requester_head", world.education, Role.OFFICE_HEAD, "郑雅文"),
        ("steward", world.civil, Role.STEWARD, "王建国"),
        ("provider_head", world.civil, Role.OFFICE_HEAD, "刘文清"),
        ("department_head", world.civil, Role.DEPARTMENT_HEAD, "赵长和"),
        ("authority", world.bigdata, Role.AUTHORITY, "林悦"),
        ("leader", world.bigdata, Role.LEADER, "彭致远"),
        ("auditor", world.bigdata, Role.AUDITOR, "沈清"),
        ("system_admin", world.bigdata, Role.SYSTEM_ADMIN, "陈宇"),
        ("stranger", world.other, Role.STEWARD, "邱陆平"),
        ("stranger_head", world.other, Role.OFFICE_HEAD, "毛致行"),
    )
    return {key: person(where, role, key.replace("_", "-"), name) for key, where, role, name in rows}


def build(attribute: str = ShareAttribute.CONDITIONAL) -> World:
    Division.objects.create(code=DIVISION, name="金河市", level=DivisionLevel.CITY, valid_from=date(2020, 1, 1))
    education = organisation("11629900MB0000001A", "金河市教育局", "市教育局")
    civil = organisation("11629900MB0000002B", "金河市民政局", "市民政局")
    bigdata = organisation("11629900MB0000003C", "金河市大数据局", "市大数据局", authority=True)
    other = organisation("11629900MB0000004D", "金河市交通运输局", "市交通局")
    system = InformationSystem.objects.create(organisation=education, name="入学服务系统", created_at=NOW)
    caller = generate_signer("enrol")
    key = SystemKey.objects.create(system=system, key_id=caller.key_id, public_key=caller.public_b64, created_at=NOW)
    entry, items = publish(civil, name="婚姻登记信息", code="306001/1", attribute=attribute)
    signer = generate_signer("node-1")
    node = Node.objects.create(
        name="node-1", key_id=signer.key_id, public_key=signer.public_b64, registered_at=NOW,
        gateway_url="http://127.0.0.1:8301",
    )  # fmt: skip
    source = Source.objects.create(
        node=node, name="civil", dialect="postgresql", organisation=civil, is_ok=True, seen_at=NOW
    )
    world = World(education, civil, bigdata, other, system, key, entry, items, node, signer, source)
    world.actors.update(_people(world))
    return world


def new_id() -> UUID:
    from jutong.kernel.ids import uuid7

    return uuid7()
