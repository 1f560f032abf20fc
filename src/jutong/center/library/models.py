"""统一资源库 as the center knows it: definitions, what fills them, works and what they counted. No business row."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Entry
from jutong.center.fleet.models import Node
from jutong.center.org.models import Organisation, User
from jutong.kernel.ids import uuid7


class LibraryKind(models.TextChoices):
    """What a library stands on."""

    BASE = "base", _("基础库")
    THEME = "theme", _("主题库")
    DEPARTMENT = "department", _("部门库")


class TableKind(models.TextChoices):
    """How the rows of a table come about."""

    ENTITY = "entity", _("融合表：一个主体一行")
    RECORD = "record", _("记录表：逐条登记")
    DERIVED = "derived", _("派生表：由其他表算出")


class FeedState(models.TextChoices):
    """A proposed feed fills nothing; an ended one is kept for what it filled."""

    PROPOSED = "proposed", _("建议，待确认")
    ON = "on", _("启用")
    OFF = "off", _("停用")


class WorkState(models.TextChoices):
    """``ordered`` is said by no receipt yet; the others are the node's word. See ``contracts.works``."""

    ORDERED = "ordered", _("已下达")
    WAITING = "waiting", _("排队中")
    RUNNING = "running", _("进行中")
    DONE = "done", _("完成")
    FAILED = "failed", _("失败")
    CANCELLED = "cancelled", _("已取消")


OPEN = (WorkState.ORDERED, WorkState.WAITING, WorkState.RUNNING)
"""States of a work that has not ended."""


class WorkCause(models.TextChoices):
    """Why a work was ordered."""

    HAND = "hand", _("手工下达")
    CHAIN = "chain", _("前一步完成后")
    SCHEDULE = "schedule", _("按计划")


class Library(models.Model):
    """A library in its newest published version. Its tables lie at ``node``."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=18, unique=True)
    kind = models.CharField(max_length=12, choices=LibraryKind)
    title = models.CharField(max_length=80)
    basis = models.CharField(max_length=300, default="", blank=True)
    version = models.CharField(max_length=32)
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="libraries")

    class Meta:
        ordering = ("kind", "code")

    def __str__(self) -> str:
        return self.title


class LibraryVersion(models.Model):
    """What a library's definition said from a day on, as ``contracts.library`` has it. Never changed."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    library = models.ForeignKey(Library, on_delete=models.CASCADE, related_name="versions")
    version = models.CharField(max_length=32)
    definition = models.JSONField()
    effective_from = models.DateField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-published_at",)
        constraints = (models.UniqueConstraint(fields=("library", "version"), name="library_version_once"),)


class LibraryTable(models.Model):
    """A table of a library as its newest version defines it, and what the last works left in it.

    ``fresh_at`` is the moment its data is at least as new as, ``filled_permille`` how full its fields are.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    library = models.ForeignKey(Library, on_delete=models.CASCADE, related_name="tables")
    name = models.CharField(max_length=63)
    title = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=TableKind)
    owner = models.CharField(max_length=64)
    cycle = models.CharField(max_length=16)
    definition = models.JSONField()
    position = models.PositiveSmallIntegerField(default=0)
    rows = models.BigIntegerField(null=True, blank=True)
    version = models.BigIntegerField(null=True, blank=True)
    filled_permille = models.PositiveSmallIntegerField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    fresh_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("library", "position", "name")
        constraints = (models.UniqueConstraint(fields=("library", "name"), name="library_table_once"),)

    def __str__(self) -> str:
        return self.title


class FeedRow(models.Model):
    """How one landed table of a department fills a library table. See ``contracts.library.Feed``.

    ``moved_at`` is when the data of the newest landing was read; ``rows``, ``repeats`` and ``problems`` are what
    standardising it counted, ``standardised_at`` when.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    table = models.ForeignKey(LibraryTable, on_delete=models.PROTECT, related_name="feeds")
    name = models.CharField(max_length=63)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="library_feeds")
    entry = models.ForeignKey(Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="library_feeds")
    role = models.CharField(max_length=64)
    landed = models.CharField(max_length=63)
    key = models.CharField(max_length=63)
    changed = models.CharField(max_length=63, default="", blank=True)
    columns = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=FeedState, default=FeedState.PROPOSED)
    proposed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    moved_at = models.DateTimeField(null=True, blank=True)
    standardised_at = models.DateTimeField(null=True, blank=True)
    rows = models.BigIntegerField(null=True, blank=True)
    repeats = models.BigIntegerField(null=True, blank=True)
    problems = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("table", "name")
        constraints = (models.UniqueConstraint(fields=("organisation", "name"), name="library_feed_once"),)

    def __str__(self) -> str:
        return self.name


class Work(models.Model):
    """One order to work on the library. Figures come only from receipts; ``result`` is the kind's own document.

    ``again_at`` says when it was asked for again while it was open: if it had begun by then, it is ordered once more.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=32)
    library = models.ForeignKey(Library, null=True, blank=True, on_delete=models.PROTECT, related_name="works")
    table = models.CharField(max_length=63, default="", blank=True)
    feed = models.ForeignKey(FeedRow, null=True, blank=True, on_delete=models.PROTECT, related_name="works")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="works")
    body = models.JSONField(default=dict)
    cause = models.CharField(max_length=8, choices=WorkCause, default=WorkCause.HAND)
    state = models.CharField(max_length=12, choices=WorkState, default=WorkState.ORDERED, db_index=True)
    again_at = models.DateTimeField(null=True, blank=True)
    phase = models.CharField(max_length=32, default="", blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=500, default="", blank=True)
    problem_code = models.CharField(max_length=80, default="", blank=True)
    result = models.JSONField(default=dict, blank=True)
    leaf_index = models.BigIntegerField(null=True, blank=True)
    ordered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-ordered_at", "-id")
        indexes = (models.Index(fields=("library", "table", "-ordered_at"), name="work_of_table"),)


class TableVersion(models.Model):
    """A version of a Delta table that a work left. ``place`` is zone/code/table as the node has it."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    table = models.ForeignKey(LibraryTable, on_delete=models.CASCADE, related_name="table_versions")
    place = models.CharField(max_length=160)
    version = models.BigIntegerField()
    rows = models.BigIntegerField()
    work = models.ForeignKey(Work, on_delete=models.PROTECT, related_name="table_versions")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-made_at", "place")
        constraints = (models.UniqueConstraint(fields=("place", "version"), name="library_place_version_once"),)
