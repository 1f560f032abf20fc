"""Nodes, what they are ordered to do and what they report. The order table is the outbox across the planes."""

from __future__ import annotations

import uuid

from django.db import models

from jutong.center.org.models import Organisation
from jutong.kernel.ids import uuid7


class Node(models.Model):
    """A data-plane node (前置节点) and the key it signs receipts with."""

    name = models.CharField(max_length=64, primary_key=True)
    key_id = models.CharField(max_length=96)
    public_key = models.CharField(max_length=64)
    gateway_url = models.CharField(max_length=200, default="", blank=True)
    log_origin = models.CharField(max_length=128, default="", blank=True)
    log_key = models.CharField(max_length=200, default="", blank=True)
    log_size = models.BigIntegerField(default=0)
    version = models.CharField(max_length=32, default="", blank=True)
    registered_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    reported_ms = models.BigIntegerField(default=0)
    problems = models.JSONField(default=list)


class Source(models.Model):
    """A department's database as its node reports it: no address, no secret, no row."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="sources")
    name = models.CharField(max_length=64, unique=True)
    dialect = models.CharField(max_length=16)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="sources")
    is_ok = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, default="", blank=True)
    tables = models.JSONField(default=list)
    writes = models.JSONField(default=list, blank=True)
    """Schemas that moves may fill, as the node's operator or whoever connected the database said."""
    inventoried_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)


class Order(models.Model):
    """A signed order in a node's feed, written in the transaction of the decision that caused it.

    ``sequence`` is taken under a lock on the node's row, so that the feed has no gap a reader could skip.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="orders")
    sequence = models.BigIntegerField()
    kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64, db_index=True)
    envelope = models.JSONField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ("node", "sequence")
        constraints = (models.UniqueConstraint(fields=("node", "sequence"), name="order_sequence_once"),)


class ReceivedReceipt(models.Model):
    """A node's signed receipt, kept as it came; applying it twice has one effect."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, editable=False)
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="receipts")
    kind = models.CharField(max_length=32, db_index=True)
    envelope = models.JSONField()
    received_at = models.DateTimeField()
