"""Signed checkpoints: the C2SP signed note whose text is origin, tree size and root hash.

Pure: the offline verifier stands on it. A note may carry lines by keys nobody here knows (witnesses, other
algorithms): they are kept verbatim and ignored, the log's own line is required.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jutong.evidence.commitment import strict_base64
from jutong.evidence.merkle import HASH_BYTES

ED25519_TYPE = 1
KEY_ID_BYTES = 4
MOST_SIGNATURES = 64
LARGEST_SIZE = 2**63 - 1
DASH = "\u2014 "


class NoteError(ValueError):
    """The text is no well-formed note, checkpoint or key."""


class UnknownKeyError(ValueError):
    """No line is signed by a key the reader knows."""


class WrongSignatureError(ValueError):
    """A known key's line does not sign this text."""


class SignsBytes(Protocol):
    """What a note needs of a private key."""

    @property
    def public_b64(self) -> str:
        """The public key as base64 of its 32 raw bytes."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message``."""


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return the four bytes a signature line names its key by."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:KEY_ID_BYTES]


def _check_name(name: str) -> None:
    if not name or "+" in name or not name.isprintable() or any(letter.isspace() for letter in name):
        raise NoteError(f"a key name has neither spaces nor plus signs: {name!r}")


@dataclass(frozen=True)
class VerifierKey:
    """A published Ed25519 key: ``name+hash+base64`` (C2SP note verifier key)."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, line: str) -> VerifierKey:
        """Read one key.

        Raises:
            NoteError: if anything about the line is not exactly as published.
        """
        parts = line.split("+", maxsplit=2)
        if len(parts) != 3:  # noqa: PLR2004 - name, hash, key
            raise NoteError(f"not name+hash+key: {line!r}")
        name, identity, encoded = parts
        _check_name(name)
        try:
            raw = strict_base64(encoded)
        except ValueError as problem:
            raise NoteError(f"key of {name}: {problem}") from problem
        if len(raw) != 1 + HASH_BYTES or raw[0] != ED25519_TYPE:
            raise NoteError(f"key of {name} is not Ed25519")
        found = cls(name, raw[1:])
        if found.key_id.hex() != identity:
            raise NoteError(f"key of {name} does not match its hash {identity}")
        return found

    @property
    def key_id(self) -> bytes:
        """The four bytes signature lines carry."""
        return key_id(self.name, ED25519_TYPE, self.public)

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([ED25519_TYPE]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def check(self, signature: bytes, text: str) -> None:
        """Check a signature over a note's text.

        Raises:
            WrongSignatureError: if it is not this key's.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature as problem:
            raise WrongSignatureError(f"signature by {self.name}+{self.key_id.hex()}") from problem


def parse_keys(text: str) -> tuple[VerifierKey, ...]:
    """Read a file of published keys, one a line, nothing else.

    Raises:
        NoteError: for an unreadable line or an empty file.
    """
    if not text.endswith("\n"):
        raise NoteError("the last line is cut")
    keys = tuple(VerifierKey.parse(line) for line in text[:-1].split("\n"))
    if len(set(keys)) != len(keys):
        raise NoteError("a key is given twice")
    return keys


def verifier_key(name: str, signer: SignsBytes) -> VerifierKey:
    """Return the public side of a signer under a note key name."""
    _check_name(name)
    return VerifierKey(name, base64.b64decode(signer.public_b64))


@dataclass(frozen=True)
class SignatureLine:
    """One line under a note: who, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> SignatureLine:
        """Read ``— name base64(key id || signature)``.

        Raises:
            NoteError: if it is not of that form.
        """
        name, space, encoded = line.removeprefix(DASH).partition(" ")
        if not line.startswith(DASH) or not space:
            raise NoteError(f"not a signature line: {line!r}")
        _check_name(name)
        try:
            raw = strict_base64(encoded)
        except ValueError as problem:
            raise NoteError(f"signature of {name}: {problem}") from problem
        if len(raw) <= KEY_ID_BYTES:
            raise NoteError(f"signature of {name} is empty")
        return cls(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])

    def __str__(self) -> str:
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}"


def sign_text(text: str, name: str, signer: SignsBytes) -> SignatureLine:
    """Sign a note's text under a key name."""
    return SignatureLine(name, verifier_key(name, signer).key_id, signer.sign(text.encode()))


def split_note(note: str) -> tuple[str, tuple[SignatureLine, ...]]:
    """Split a signed note into its text and its signature lines.

    Raises:
        NoteError: if the note is not well formed.
    """
    if any(letter < " " and letter != "\n" for letter in note):
        raise NoteError("a control character")
    text, blank, tail = note.rpartition("\n\n")
    if not blank or not text or not tail.endswith("\n"):
        raise NoteError("text, blank line and signature lines are not all there")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteError(f"more than {MOST_SIGNATURES} signatures")
    return text + "\n", tuple(SignatureLine.parse(line) for line in lines)


def decimal(text: str) -> int:
    """Read an ASCII decimal without leading zeroes.

    Raises:
        NoteError: for any other spelling.
    """
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0") or len(text) > 19:  # noqa: PLR2004
        raise NoteError(f"not a plain number: {text!r}")
    value = int(text)
    if value > LARGEST_SIZE:
        raise NoteError(f"number too large: {text}")
    return value


@dataclass(frozen=True)
class Checkpoint:
    """A tree head and who signed it."""

    origin: str
    size: int
    root: bytes
    signatures: tuple[SignatureLine, ...] = ()

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        """Read a signed checkpoint; signatures are read, not yet checked.

        Raises:
            NoteError: if it is not exactly a checkpoint (extension lines are refused: nothing here signs them in).
        """
        text, signatures = split_note(note)
        lines = text[:-1].split("\n")
        if len(lines) != 3 or not lines[0]:  # noqa: PLR2004 - origin, size, root
            raise NoteError("a checkpoint has origin, size and root")
        try:
            root = strict_base64(lines[2])
        except ValueError as problem:
            raise NoteError(f"root hash: {problem}") from problem
        if len(root) != HASH_BYTES:
            raise NoteError("the root hash has 32 bytes")
        return cls(lines[0], decimal(lines[1]), root, signatures)

    @classmethod
    def signed(cls, origin: str, size: int, root: bytes, signer: SignsBytes) -> Checkpoint:
        """Make a checkpoint signed by the log's key, whose name is the origin."""
        bare = cls(origin, size, root)
        return cls(origin, size, root, (sign_text(bare.text, origin, signer),))

    @property
    def text(self) -> str:
        """The signed part."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{line}\n" for line in self.signatures)

    def verify(self, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """Check every line by a known key and return those keys; the log's own must be among them.

        Raises:
            UnknownKeyError: if no line is by a known key named as the origin.
            WrongSignatureError: if a known key's line does not sign this checkpoint.
        """
        known = {(key.name, key.key_id): key for key in keys}
        good: list[VerifierKey] = []
        for line in self.signatures:
            key = known.get((line.name, line.key_id))
            if key is not None:
                key.check(line.signature, self.text)
                good.append(key)
        if not any(key.name == self.origin for key in good):
            raise UnknownKeyError(f"no line by a known key of {self.origin}")
        return tuple(good)
