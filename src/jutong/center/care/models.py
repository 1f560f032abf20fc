"""Care of the library as the center knows it: changes of structure and erasures, who agreed, and what came of them."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from jutong.center.fleet.models import Node
from jutong.center.library.models import Library, Work
from jutong.center.org.models import Organisation, User
from jutong.kernel.ids import uuid7


class EvolutionState(models.TextChoices):
    """A proposed change is published once everybody has agreed who has to."""

    PROPOSED = "proposed", _("待同意")
    PUBLISHED = "published", _("已发布")
    WITHDRAWN = "withdrawn", _("已撤回")


class ErasureState(models.TextChoices):
    """Rows are counted at the node before the second person agrees."""

    COUNTING = "counting", _("节点清点中")
    COUNTED = "counted", _("待第二人同意")
    ERASING = "erasing", _("删除中")
    ERASED = "erased", _("已删除并证明")
    FAILED = "failed", _("没有完成")
    WITHDRAWN = "withdrawn", _("已撤回")


class Evolution(models.Model):
    """A new version of a library's definition that changes tables with rows. Never changed once published."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    library = models.ForeignKey(Library, on_delete=models.PROTECT, related_name="evolutions")
    version = models.CharField(max_length=32)
    definition = models.JSONField()
    differences = models.JSONField(default=list)
    ground = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=EvolutionState, default=EvolutionState.PROPOSED)
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-proposed_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("library",), condition=models.Q(state="proposed"), name="library_evolves_once_at_a_time"
            ),
        )


class EvolutionConsent(models.Model):
    """One side's agreement: of a department whose data fills a changed table, or of the authority."""

    evolution = models.ForeignKey(Evolution, on_delete=models.CASCADE, related_name="consents")
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=9, choices=(("owner", _("数源部门")), ("authority", _("主管部门"))))
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints = (
            models.UniqueConstraint(fields=("evolution", "organisation", "role"), name="evolution_agreed_once"),
        )


class Erasure(models.Model):
    """The erasure of one person from the library. Whom it is about is in ``box``, which only the node can open.

    ``counted`` and ``erased`` are the node's figures table by table; ``digest`` is that of the account it keeps, and
    ``remaining`` what the newest proof still found.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="erasures")
    box = models.TextField()
    ground = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=ErasureState, default=ErasureState.COUNTING)
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="erasures")
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    asked_name = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    agreed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    agreed_code = models.CharField(max_length=18, default="", blank=True)
    agreed_name = models.CharField(max_length=64, default="", blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True)
    work = models.ForeignKey(Work, null=True, on_delete=models.PROTECT, related_name="+")
    counted = models.JSONField(default=list, blank=True)
    erased = models.JSONField(default=list, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=64, default="", blank=True)
    searched = models.PositiveIntegerField(default=0)
    remaining = models.PositiveIntegerField(null=True, blank=True)
    elsewhere = models.PositiveIntegerField(default=0)
    backups = models.JSONField(default=list, blank=True)
    proven_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        ordering = ("-asked_at", "-id")
