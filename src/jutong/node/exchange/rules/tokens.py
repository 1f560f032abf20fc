"""The pseudonyms of ``node.masking`` for whole columns: two hashes a different value, all else at once."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pyarrow as pa

from jutong.node.exchange.rules.kernels import Array, pc
from jutong.node.gateway.verification import normalised

TOKEN_BYTES = 15
_TOKEN_LETTERS = 24
_BLOCK_BYTES = 64
_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", dtype=np.uint8)
_SHIFTS = np.arange(35, -1, -5, dtype=np.uint64)
_PLAIN = "^[ -~]*$"


class Tokens:
    """Puts the tokens of one agreement in the place of values.

    Args:
        key: the agreement's, at most 64 bytes.
    """

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def __call__(self, array: Array) -> Array:
        """Return the tokens; null stays null."""
        encoded = normalised_texts(array).dictionary_encode()
        return self._tokens(encoded.dictionary.cast(pa.binary()).to_pylist()).take(encoded.indices)

    def _tokens(self, values: list[bytes]) -> Array:
        macs = []
        for value in values:
            inner, outer = self._inner.copy(), self._outer.copy()
            inner.update(value)
            outer.update(inner.digest())
            macs.append(outer.digest()[:TOKEN_BYTES])
        # Base 32 turns five bytes into eight letters; fifteen bytes need no padding.
        fives = np.frombuffer(b"".join(macs), dtype=np.uint8).reshape(-1, 5).astype(np.uint64)
        numbers = fives @ np.array([1 << 32, 1 << 24, 1 << 16, 1 << 8, 1], dtype=np.uint64)
        letters = _LETTERS[(numbers[:, None] >> _SHIFTS) & np.uint64(31)].reshape(len(values), _TOKEN_LETTERS)
        whole = np.concatenate([np.full((len(values), 1), ord("P"), dtype=np.uint8), letters], axis=1)
        offsets = np.arange(len(values) + 1, dtype="<i4") * whole.shape[1]
        return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets.tobytes()), pa.py_buffer(whole.tobytes()))


def normalised_texts(array: Array) -> Array:
    """Return texts as a token is made of them, those with more than plain characters one by one."""
    plain = pc.match_substring_regex(array, pattern=_PLAIN)
    found = pc.ascii_upper(pc.utf8_trim(array, characters=" "))
    if pc.all(plain).as_py() in (True, None):
        return found
    others = pc.fill_null(pc.invert(plain), False)
    odd = pc.filter(array, others).dictionary_encode()
    made = pa.array([normalised(text) for text in odd.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(found, others, made.take(odd.indices))
