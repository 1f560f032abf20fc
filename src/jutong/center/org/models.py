from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from jutong.center.org.enums import DivisionLevel, OrganisationKind, Role
from jutong.kernel.ids import uuid7


class Division(models.Model):
    """An administrative division, effective-dated: codes are merged and split (GB/T 2260)."""

    code = models.CharField(max_length=12)
    name = models.CharField(max_length=64)
    level = models.CharField(max_length=16, choices=DivisionLevel)
    parent_code = models.CharField(max_length=12, default="", blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(fields=("code", "valid_from"), name="division_once_per_start"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="division_ends_after_start",
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Organisation(models.Model):
    """A department or authorised body. ``code`` is its unified social credit code (GB 32100)."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=128)
    short_name = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=OrganisationKind, default=OrganisationKind.DEPARTMENT)
    division_code = models.CharField(max_length=12, db_index=True)
    line = models.CharField(max_length=32, default="", blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    is_authority = models.BooleanField(default=False)
    data_office = models.CharField(max_length=64, default="", blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(
                fields=("division_code",), condition=Q(is_authority=True), name="one_authority_per_division"
            ),
        )

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Sign-in looks people up by user name."""


class User(AbstractBaseUser):
    """A person who signs in. What the person may do hangs on posts, not on the person."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(_("用户名"), max_length=64, unique=True)
    name = models.CharField(_("姓名"), max_length=64)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = ""
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """岗位: one person in one role of one organisation, for a time."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="posts")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=16, choices=Role)
    valid_from = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("valid_from", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "organisation", "role"), condition=Q(ended_at=None), name="one_open_post_each"
            ),
            models.UniqueConstraint(
                fields=("user",),
                condition=Q(ended_at=None, role__in=("system-admin", "security-admin", "auditor")),
                name="one_administrator_post",
            ),
            models.UniqueConstraint(
                fields=("user", "organisation"),
                condition=Q(ended_at=None, role__in=("office-head", "department-head")),
                name="one_head_post",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("valid_from")), name="post_ends_after_start"
            ),
        )


class InformationSystem(models.Model):
    """A business system of an organisation that calls the gateway."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="systems")
    name = models.CharField(max_length=128)
    protection_level = models.PositiveSmallIntegerField(default=2)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("organisation", "name"), name="system_name_once"),
            models.CheckConstraint(
                condition=Q(protection_level__gte=1, protection_level__lte=5), name="protection_level_one_to_five"
            ),
        )

    def __str__(self) -> str:
        return self.name


class SystemKey(models.Model):
    """A public key an information system signs with; the private half never comes here."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    system = models.ForeignKey(InformationSystem, on_delete=models.PROTECT, related_name="keys")
    key_id = models.CharField(max_length=64, unique=True)
    public_key = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)


class ApiToken(models.Model):
    """A person's bearer token for the API, in one post, short-lived; only its SHA-256 is kept."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="token_ends_after_start"),
        )
