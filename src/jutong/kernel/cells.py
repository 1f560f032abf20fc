"""Single values closed for the holder of one agreement's key, and opened again: the form of a sealed cell.

A sealed cell is the text ``jt1.`` and base64url of: one byte that says cipher and form; where to find the nonce (a
random form: 16 bytes of salt the key is derived with and 4 bytes of counter; a form that is equal for equal values: 12
bytes of nonce made of the value); the padded value in GCM; 16 bytes of tag. The agreement is authenticated with it. A
value is padded with 0x80 and zeros to whole blocks of 16 bytes, so that its length shows in such steps only.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CellCipher = Literal["sm4", "aes"]
PREFIX = "jt1."
KEY_BYTES = 32
BLOCK, NONCE, TAG, SALT, COUNTER = 16, 12, 16, 16, 4
_MOST_SALTS = 4_096


class UnreadableCellError(ValueError):
    """A cell that is none, was changed, or was closed under another key."""


@dataclass(frozen=True)
class Form:
    """One way of closing cells: the byte it is known by, its cipher, and whether equal values look equal."""

    byte: int
    cipher: CellCipher
    is_equal: bool

    @property
    def head(self) -> int:
        """How many bytes tell the nonce."""
        return NONCE if self.is_equal else SALT + COUNTER

    def algorithm(self, key: bytes) -> algorithms.SM4 | algorithms.AES:
        """Return the block cipher under a key of :meth:`CellKey.part`."""
        return algorithms.SM4(key) if self.cipher == "sm4" else algorithms.AES(key)


FORMS = (Form(1, "sm4", is_equal=False), Form(2, "sm4", is_equal=True), Form(3, "aes", is_equal=False),
         Form(4, "aes", is_equal=True))  # fmt: skip
_BY_BYTE = {form.byte: form for form in FORMS}


def form_of(cipher: CellCipher, *, is_equal: bool) -> Form:
    """Return the form of a cipher."""
    return next(form for form in FORMS if (form.cipher, form.is_equal) == (cipher, is_equal))


def derived(secret: bytes, agreement: str) -> CellKey:
    """Return the key of one agreement's cells under a node's own secret."""
    info = b"jutong-seal-1\n" + agreement.encode()
    return CellKey(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(secret), agreement)


@dataclass(frozen=True)
class CellKey:
    """The key of one agreement.

    Attributes:
        key: 32 bytes.
        agreement: its number; authenticated with every cell.
    """

    key: bytes = field(repr=False)
    agreement: str
    _parts: dict[tuple[int, bytes], bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def about(self) -> bytes:
        """What is authenticated besides the cell."""
        return b"jutong-cell-1\n" + self.agreement.encode()

    def part(self, form: Form, salt: bytes = b"") -> bytes:
        """Return the cipher's key of a form, under a salt where it has one."""
        found = self._parts.get((form.byte, salt))
        if found is None:
            if len(self._parts) >= _MOST_SALTS:
                self._parts.clear()
            length = 16 if form.cipher == "sm4" else KEY_BYTES
            info = b"jutong-cell-key-1\n" + bytes([form.byte])
            found = HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=info).derive(self.key)
            self._parts[form.byte, salt] = found
        return found

    def nonce_key(self, form: Form) -> bytes:
        """Return the key that makes nonces of values, for cells that are equal for equal values."""
        info = b"jutong-cell-nonce-1\n" + bytes([form.byte])
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self.key)

    def open(self, cell: str) -> str:
        """Return the value in a cell.

        Raises:
            UnreadableCellError: for what is no cell, another key's, or was changed.
        """
        try:
            text = cell.removeprefix(PREFIX) if cell.startswith(PREFIX) else ""
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return _unpadded(self._plain(_BY_BYTE[raw[0]], raw))
        except (InvalidTag, KeyError, IndexError, ValueError, binascii.Error) as error:
            raise UnreadableCellError from error

    def _plain(self, form: Form, raw: bytes) -> bytes:
        at = 1 + form.head
        if len(raw) < at + BLOCK + TAG:
            raise ValueError(len(raw))
        nonce, salt = raw[1:at], b""
        if not form.is_equal:
            salt, nonce = raw[1 : 1 + SALT], bytes(NONCE - COUNTER) + raw[1 + SALT : at]
        mode = modes.GCM(nonce, raw[-TAG:])
        opener = Cipher(form.algorithm(self.part(form, salt)), mode).decryptor()
        opener.authenticate_additional_data(self.about)
        return opener.update(raw[at:-TAG]) + opener.finalize()


def _unpadded(padded: bytes) -> str:
    value, mark, rest = padded.rpartition(b"\x80")
    if not mark or rest.strip(b"\0"):
        raise ValueError(len(padded))
    return value.decode()
