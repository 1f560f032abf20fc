"""How streams of messages are mapped: which stream holds a table's rows, and where a message's values stand.

The mapping is the node's own configuration. An order names a mapped table and its columns and nothing else.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from jutong.contracts.envelope import Document

SCHEMA = "nats"
"""The schema mapped tables stand in."""

MAX_TABLES = 100
SEQUENCE, TIME, SUBJECT, MESSAGE_ID = "jutong_sequence", "jutong_time", "jutong_subject", "jutong_message"
"""Columns every message has: its number in the stream, when it was taken in, its subject, its ``Nats-Msg-Id``."""

ENVELOPE = {SEQUENCE: "/s", TIME: "/t", SUBJECT: "/u", MESSAGE_ID: "/i"}
"""Where they stand in the lines a job keeps messages as; the message itself is at ``/d``."""

_FILTER = re.compile(r"([^\s.*>]+|\*)(\.([^\s.*>]+|\*))*(\.>)?|>")

StreamName = Annotated[str, Field(pattern=r"^[^\s.*>/\\\x00-\x1f]{1,200}$")]
Column = Annotated[str, Field(pattern=r"^[^\s,;{}()=\x00]{1,128}$")]
Pointer = Annotated[str, Field(pattern=r"^(/[^/]+)*$", max_length=300)]
TableName = Annotated[str, Field(pattern=r"^\w[\w-]{0,62}$")]


class StreamTable(Document):
    """One stream, or what of it has a ``subject``, as a table: a message is a JSON object and a row.

    ``columns`` from each column to its value in the message (JSON pointer). ``consumer`` is one the stream's owner made
    for us, durable, pulled and acknowledged one by one; without it the node makes one for each target. A job takes at
    most ``most_messages``, and takes for at most half of ``ack_seconds``, after which a message that was handed out and
    not acknowledged comes again. More than ``most_bad_permille`` that are no rows, and more than 20, and the job ends.
    What the stream dropped before it was read is ``lost``: the job stops, or goes on behind it.
    """

    stream: StreamName
    subject: Annotated[str, Field(max_length=200)] = ""
    consumer: Annotated[str, Field(max_length=100, pattern=r"^[\w-]*$")] = ""
    columns: Annotated[dict[Column, Pointer], Field(min_length=1, max_length=290)]
    most_messages: Annotated[int, Field(ge=1, le=1_000_000)] = 200_000
    ack_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    most_bad_permille: Annotated[int, Field(ge=0, le=1000)] = 100
    lost: Literal["stop", "pass"] = "stop"
    comment: Annotated[str, Field(max_length=200)] = ""

    @property
    def every_column(self) -> dict[str, str]:
        """Where each column stands in the line a message is kept as, those of every message among them."""
        return {**ENVELOPE, **{name: f"/d{pointer}" for name, pointer in self.columns.items()}}

    @model_validator(mode="after")
    def _fits(self) -> StreamTable:
        if len({name.lower() for name in self.every_column}) < len(ENVELOPE) + len(self.columns):
            raise ValueError("two columns have one name")
        if self.subject and not _FILTER.fullmatch(self.subject):
            raise ValueError("subject is one such as orders.* or orders.>")
        return self


class Streams(Document):
    """The streams of one server. ``ca`` is the file of the authority behind its certificate.

    A server that is only written to has no tables.
    """

    tables: Annotated[dict[TableName, StreamTable], Field(max_length=MAX_TABLES)] = Field(default_factory=dict)
    ca: str = ""
