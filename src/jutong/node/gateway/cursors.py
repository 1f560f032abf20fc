"""Cursors: where a caller is in a page or change feed. Closed, for a place is made of key values, and bound."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

import orjson
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jutong.kernel.sealing import Chest, UnreadableBoxError
from jutong.node.errors import CursorUnfitError
from jutong.node.gateway.calls import Call
from jutong.node.gateway.verification import as_text
from jutong.node.grants import Grant

_INFO = b"jutong-cursor-1"
_KEY_BYTES = 32


class Cursors:
    """Makes and reads cursors.

    Args:
        secret: the node's own secret; cursors stay good over a restart.
    """

    def __init__(self, secret: bytes) -> None:
        key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_INFO).derive(secret)
        self._chest = Chest(key)

    def give(self, call: Call, grant: Grant, content: list[Any]) -> str:
        """Return a cursor for the call that goes on from here."""
        box = self._chest.close(orjson.dumps(content), about=_about(call, grant))
        return base64.urlsafe_b64encode(box).decode().rstrip("=")

    def take(self, call: Call, grant: Grant) -> list[Any] | None:
        """Return what the call's cursor holds, None where it has none.

        Raises:
            CursorUnfitError: if it is not this node's, or for another grant, way, order or other filters.
        """
        text = call.bulk.cursor
        if not text:
            return None
        try:
            box = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            content: list[Any] = orjson.loads(self._chest.open(box, about=_about(call, grant)))
        except (ValueError, UnreadableBoxError) as error:
            raise CursorUnfitError from error
        return content


def place_of(values: tuple[Any, ...]) -> list[Any]:
    """Return the values of order columns as a cursor keeps them: numbers as they are, the rest as text."""
    return [value if type(value) in {int, float, str} else as_text(value) for value in values]


def _about(call: Call, grant: Grant) -> str:
    order = grant.order
    narrowed = orjson.dumps([[one.item, one.operator, one.values] for one in call.bulk.filters])
    placed = orjson.dumps([order.source, order.schema_name, order.table, grant.key_columns, order.fresh_column])
    return f"{call.kind}|{order.grant_id}|{sha256(placed + narrowed).hexdigest()}"
