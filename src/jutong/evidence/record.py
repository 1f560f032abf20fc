"""Access records: what is kept (and may be erased) beside what stands in the log for ever.

The leaf is public and permanent and says only who asked whom under which grant and how many rows went; everything
else is in the record, to which the leaf holds a salted commitment. Without the salt the leaf reveals nothing, however
small the space of possible records.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from jutong.evidence.commitment import SALT_BYTES, CanonicalError, canonical, commit
from jutong.evidence.errors import EntryTooLargeError, RecordInvalidError, told
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.ids import uuid7

VERSION = 1
LARGEST_LEAF = 1024
TEXT_FIELDS = ("kind", "agreement_id", "actor_dept", "provider_dept")
LEAF_FIELDS = (*TEXT_FIELDS, "time_ms", "rows")
"""The fields a leaf repeats from its record; the verifier compares them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def build(record: Mapping[str, Any], now: datetime) -> tuple[bytes, bytes]:
    """Return the leaf for the log and the attachment (record, salt and leaf as JSON: the later ``record.json``).

    Args:
        record: must hold ``kind``, ``agreement_id``, ``actor_dept``, ``provider_dept`` as text and ``rows`` as a count;
            may hold ``record_id`` (made if absent), ``batch_root`` and anything else canonical JSON can carry.
        now: the instant of the access; becomes ``time_ms``, milliseconds since 1970 UTC.

    Raises:
        RecordInvalidError: if a field is missing or a value has no exact form.
        EntryTooLargeError: if the leaf passes 1024 bytes.
    """
    if now.tzinfo is None:
        raise ValueError("the instant of an access carries its time zone")
    kept = dict(record)
    kept.setdefault("record_id", str(uuid7()))
    kept["time_ms"] = (now - _EPOCH) // timedelta(milliseconds=1)
    _check(kept)
    salt = secrets.token_bytes(SALT_BYTES)
    leaf = {"v": VERSION} | {name: kept[name] for name in LEAF_FIELDS}
    if "batch_root" in kept:
        leaf["batch_root"] = kept["batch_root"]
    try:
        record_bytes = canonical(kept)
        leaf["commit"] = commit(salt, record_bytes)
        leaf_bytes = canonical(leaf)
    except CanonicalError as problem:
        inexact = told(gettext_noop("没有唯一确定的写法（{detail}）"), detail=problem.problem)
        raise RecordInvalidError(field=problem.where, problem=inexact) from problem
    if len(leaf_bytes) > LARGEST_LEAF:
        raise EntryTooLargeError(size=len(leaf_bytes), limit=LARGEST_LEAF)
    # Members in the order canonical JSON wants them; encoding both parts a second time would double the cost.
    parts = (b'{"leaf":', leaf_bytes, b',"record":', record_bytes, b',"salt":"', base64.b64encode(salt), b'"}')
    return leaf_bytes, b"".join(parts)


def _check(record: Mapping[str, Any]) -> None:
    for name in (*TEXT_FIELDS, "record_id"):
        if type(record.get(name)) is not str or not record[name]:
            raise RecordInvalidError(field=name, problem=told(gettext_noop("必须有，且是文字")))
    if type(record.get("rows")) is not int or record["rows"] < 0:
        raise RecordInvalidError(field="rows", problem=told(gettext_noop("必须有，且是不小于零的整数")))
    if "batch_root" in record and type(record["batch_root"]) is not str:
        raise RecordInvalidError(field="batch_root", problem=told(gettext_noop("必须是文字")))
