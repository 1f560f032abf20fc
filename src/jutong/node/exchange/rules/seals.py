"""Columns closed for one agreement's recipient before they leave the source's side; see ``kernel.cells``."""

from __future__ import annotations

import os
from binascii import b2a_base64
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from jutong.kernel.cells import BLOCK, COUNTER, NONCE, PREFIX, SALT, TAG, CellKey, Form
from jutong.node.exchange.rules.gcm import Bytes, Gcm
from jutong.node.exchange.rules.kernels import Array

MOST_AT_ONCE = 1 << 24
"""Bytes of values closed together, so that memory does not grow with a batch of long texts."""
_LONG_BLOCKS = 64
"""Blocks from which on a value is closed by itself, by the library."""
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Seals:
    """Puts cells in the place of values.

    Args:
        key: the agreement's.
        form: cipher and form of the cells.
    """

    def __init__(self, key: CellKey, form: Form) -> None:
        self._key = key
        self._form = form
        if form.is_equal:
            block = key.nonce_key(form).ljust(64, b"\0")
            self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
            self._outer = sha256(bytes(byte ^ 0x5C for byte in block))
            self._gcm = Gcm(form.algorithm(key.part(form)), key.about)

    def __call__(self, array: Array) -> Array:
        """Return the cells; null stays null."""
        if not self._form.is_equal:
            return self._closed(array)
        encoded = array.dictionary_encode()
        return self._closed(encoded.dictionary).take(encoded.indices)

    def _closed(self, array: Array) -> Array:
        values = array.cast(pa.large_binary())
        _, buffer, data = values.buffers()
        ends = np.frombuffer(memoryview(buffer), dtype="<i8")[values.offset : values.offset + len(values) + 1]
        content = np.frombuffer(memoryview(data) if data is not None else b"", dtype=np.uint8)
        some = np.flatnonzero(np.asarray(array.is_valid()))
        blocks = (ends[1:] - ends[:-1])[some] // BLOCK + 1
        parts, places = [], []
        for count in np.unique(blocks).tolist():
            rows = some[blocks == count]
            most = max(1, MOST_AT_ONCE // (count * BLOCK))
            for at in range(0, rows.size, most):
                part = rows[at : at + most]
                parts.append(self._cells(_padded(content, ends[part], ends[part + 1], count)))
                places.append(part)
        if not parts:
            return pa.nulls(len(array), pa.string())
        back: npt.NDArray[np.int64] = np.full(len(array), -1, dtype=np.int64)
        back[np.concatenate(places)] = np.arange(some.size)
        return pa.concat_arrays(parts).take(pa.array(back, mask=back < 0))

    def _cells(self, padded: Bytes) -> Array:
        count = len(padded)
        heads = np.zeros((count, 1 + self._form.head), dtype=np.uint8)
        heads[:, 0] = self._form.byte
        if self._form.is_equal:
            nonces, key = self._nonces(padded), self._key.part(self._form)
            heads[:, 1:] = nonces
        else:
            salt = os.urandom(SALT)
            key = self._key.part(self._form, salt)
            nonces = np.zeros((count, NONCE), dtype=np.uint8)
            nonces[:, -COUNTER:] = np.arange(count, dtype=">u4").view(np.uint8).reshape(-1, COUNTER)
            heads[:, 1 : 1 + SALT] = np.frombuffer(salt, dtype=np.uint8)
            heads[:, 1 + SALT :] = nonces[:, -COUNTER:]
        if padded.shape[1] > _LONG_BLOCKS * BLOCK:
            closed, tags = self._one_by_one(key, nonces, padded)
        else:
            gcm = self._gcm if self._form.is_equal else Gcm(self._form.algorithm(key), self._key.about)
            closed, tags = gcm.close(nonces, padded)
        return _texts(np.concatenate([heads, closed, tags], axis=1))

    def _nonces(self, padded: Bytes) -> Bytes:
        made, length, raw = [], padded.shape[1], padded.tobytes()
        for at in range(0, len(raw), length):
            inner, outer = self._inner.copy(), self._outer.copy()
            inner.update(raw[at : at + length])
            outer.update(inner.digest())
            made.append(outer.digest()[:NONCE])
        return np.frombuffer(b"".join(made), dtype=np.uint8).reshape(-1, NONCE)

    def _one_by_one(self, key: bytes, nonces: Bytes, padded: Bytes) -> tuple[Bytes, Bytes]:
        closed, tags = np.empty_like(padded), np.empty((len(padded), TAG), dtype=np.uint8)
        algorithm = self._form.algorithm(key)
        for at, row in enumerate(padded):
            closer = Cipher(algorithm, modes.GCM(nonces[at].tobytes())).encryptor()
            closer.authenticate_additional_data(self._key.about)
            closed[at] = np.frombuffer(closer.update(row.tobytes()) + closer.finalize(), dtype=np.uint8)
            tags[at] = np.frombuffer(closer.tag, dtype=np.uint8)
        return closed, tags


def _padded(
    content: Bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], blocks: int
) -> Bytes:  # fmt: skip
    """Return values of one number of blocks side by side, each with its padding."""
    lengths = ends - starts
    made = np.zeros((len(starts), blocks * BLOCK), dtype=np.uint8)
    made[np.arange(len(starts)), lengths] = 0x80
    if (lengths == lengths[0]).all() and (starts[1:] == ends[:-1]).all():
        made[:, : lengths[0]] = content[starts[0] : ends[-1]].reshape(len(starts), -1)
        return made
    rows = np.repeat(np.arange(len(starts)), lengths)
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    made[rows, within] = content[np.repeat(starts, lengths) + within]
    return made


def _texts(raw: Bytes) -> Array:
    """Return bytes of one length as the texts of cells."""
    count, length = raw.shape
    letters = -(-length * 4 // 3)
    threes = np.zeros((count, -(-length // 3) * 3), dtype=np.uint8)
    threes[:, :length] = raw
    # Three bytes become four letters, so that all values in a row are the letters of each, one behind the other.
    written = b2a_base64(threes.tobytes(), newline=False).translate(_URL_SAFE)
    prefix = np.frombuffer(PREFIX.encode(), dtype=np.uint8)
    whole = np.empty((count, prefix.size + letters), dtype=np.uint8)
    whole[:, : prefix.size] = prefix
    whole[:, prefix.size :] = np.frombuffer(written, dtype=np.uint8).reshape(count, -1)[:, :letters]
    offsets = (np.arange(count + 1, dtype=np.int64) * whole.shape[1]).astype("<i4")
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets.tobytes()), pa.py_buffer(whole.tobytes()))
