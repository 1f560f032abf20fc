"""Who acts in the demonstration's stories, and when: the people of the city on working days before its first page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from jutong.center.catalog.models import Entry
from jutong.center.clocks import queries as clocks
from jutong.center.fleet.models import Node
from jutong.center.fleet.receipts import apply_receipt, authenticate
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import InformationSystem, Organisation, Post
from jutong.center.org.queries import actor_for
from jutong.contracts.envelope import Document, seal
from jutong.demo.city import department
from jutong.kernel.clock import BEIJING, civil_date
from jutong.kernel.keys import load_or_create_signer
from jutong.kernel.settings import Settings

MORNING = (9, 12)


def actor(organisation: Organisation, role: str) -> Actor:
    """Return who holds a post of an organisation.

    Raises:
        Post.DoesNotExist: if nobody does.
    """
    post = Post.objects.select_related("user", "organisation").get(organisation=organisation, role=role, ended_at=None)
    return actor_for(post)


def workdays_before(now: datetime, days: int) -> datetime:
    """Return a morning so many working days before ``now``."""
    calendar = clocks.calendar()
    day = civil_date(now)
    while calendar.workdays_between(day, civil_date(now)) < days or not calendar.is_workday(day):
        day -= timedelta(days=1)
    return morning(day)


def morning(day: date) -> datetime:
    """Return nine in the morning and a little of a civil day."""
    return datetime(day.year, day.month, day.day, *MORNING, tzinfo=BEIJING)


@dataclass
class Stage:
    """The city at a moment, with its node."""

    settings: Settings
    node: Node
    now: datetime
    _days: dict[int, datetime] = field(default_factory=dict)

    def ago(self, days: int, *, minutes: int = 0) -> datetime:
        """Return a morning so many working days ago, ``minutes`` later; today is before the present moment."""
        if days not in self._days:
            self._days[days] = min(workdays_before(self.now, days), self.now) if days else self.now
        return self._days[days] + timedelta(minutes=minutes)

    def on(self, days: int) -> date:
        """Return the civil day so many days from today."""
        return civil_date(self.now) + timedelta(days=days)

    def organisation(self, key: str) -> Organisation:
        """Return a department by its key in ``demo.city``."""
        return Organisation.objects.get(code=department(key).code)

    def steward(self, key: str) -> Actor:
        """Return the 数据专员 of a department."""
        return actor(self.organisation(key), Role.STEWARD)

    def requester(self, key: str) -> Actor:
        """Return the 经办人 of a department."""
        return actor(self.organisation(key), Role.REQUESTER)

    def head(self, key: str) -> Actor:
        """Return the 工作机构负责人 of a department."""
        return actor(self.organisation(key), Role.OFFICE_HEAD)

    def authority(self) -> Actor:
        """Return the city's 主管部门审核员."""
        return actor(self.organisation("bigdata"), Role.AUTHORITY)

    def system(self, key: str, name: str) -> InformationSystem:
        """Return a department's system by its name."""
        return InformationSystem.objects.get(organisation=self.organisation(key), name=name)

    def entry(self, name: str) -> Entry:
        """Return a published entry by its name, the bound one where several have it."""
        rows = Entry.objects.select_related("published", "organisation").filter(published_name=name)
        return rows.order_by("-is_bound", "code")[0]

    def receipt(self, kind: str, body: Document, at: datetime) -> None:
        """Report something as the city's node, under its own signature."""
        signer = load_or_create_signer(self.settings.path("keys", "node.key"), self.node.name)
        envelope = seal(kind, body, signer=signer, issuer=self.node.name, audience="center", now=at)
        apply_receipt(node=authenticate(envelope), envelope=envelope, now=at)
