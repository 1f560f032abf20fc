"""What a leaf commits to: HMAC-SHA256 over a record in canonical JSON, keyed with a secret salt.

Pure standard library, because the offline verifier stands on it. The values allowed here (text, integers below
2^53, true, false, null, lists, objects with ASCII names) are exactly those for which sorted compact JSON is RFC 8785;
anything else is refused rather than written in two ways.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import Any

SALT_BYTES = 32
LARGEST_INTEGER = 2**53 - 1
DEEPEST = 32

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class CanonicalError(ValueError):
    """A value has no exact canonical form. ``where`` names it."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where}: {problem}")


def _check(value: Any, where: str, depth: int) -> None:
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return
    if kind is int:
        if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            raise CanonicalError(where, "integer past 2^53")
        return
    if depth > DEEPEST:
        raise CanonicalError(where, f"more than {DEEPEST} levels deep")
    if kind is dict:
        for name, item in value.items():
            if type(name) is not str or not name.isascii():
                raise CanonicalError(where, f"member name {name!r} is not ASCII text")
            _check(item, name, depth + 1)
    elif kind is list or kind is tuple:
        for item in value:
            _check(item, where, depth + 1)
    else:
        raise CanonicalError(where, f"{kind.__name__} has no exact form")


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a value.

    Raises:
        CanonicalError: for floats, large integers, other types and text that is no Unicode.
    """
    _check(value, "$", 0)
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError as problem:
        raise CanonicalError("$", "text with a lone surrogate") from problem


def commit(salt: bytes, record_bytes: bytes) -> str:
    """Return base64 of HMAC-SHA256(salt, record), the record in canonical JSON."""
    return base64.b64encode(hmac.digest(salt, record_bytes, "sha256")).decode()


def strict_base64(text: str) -> bytes:
    """Decode standard base64 in its one canonical spelling.

    Raises:
        ValueError: for any other spelling, stray bits in the last character included: a changed byte must show.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as problem:
        raise ValueError("not base64") from problem
    if base64.b64encode(raw).decode() != text:
        raise ValueError("base64 with stray bits")
    return raw


def strict_json(text: str) -> Any:
    """Parse JSON that names nothing twice.

    Raises:
        ValueError: for broken JSON, a member given twice, NaN or infinity.
    """
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError as problem:
        raise ValueError("nested too deep") from problem


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is given twice")
    return found


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
