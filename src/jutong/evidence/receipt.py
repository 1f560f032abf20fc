"""Receipts in the text form ``c2sp.org/tlog-proof@v1``: index, inclusion proof and checkpoint in one file.

Pure: the offline verifier stands on it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from jutong.evidence.checkpoint import Checkpoint, NoteError, decimal
from jutong.evidence.commitment import strict_base64
from jutong.evidence.merkle import HASH_BYTES, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
LARGEST_TEXT = 1 << 20


@dataclass(frozen=True)
class Receipt:
    """Proof that a leaf stands at ``index`` of the tree the checkpoint signs."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Checkpoint
    extra: bytes | None = field(default=None)
    """Unauthenticated context, never relied upon and never written by this log."""

    @classmethod
    def parse(cls, text: str) -> Receipt:
        """Read a receipt.

        Raises:
            NoteError: if any byte is not as the format has it.
        """
        if len(text) > LARGEST_TEXT:
            raise NoteError("larger than any receipt")
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines.pop(0) != HEADER:
            raise NoteError(f"the first line is not {HEADER}")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = _decode(lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise NoteError("the index is missing")
        index = decimal(lines.pop(0).removeprefix("index "))
        hashes = tuple(_decode(line) for line in lines)
        if len(hashes) > MOST_HASHES or any(len(item) != HASH_BYTES for item in hashes):
            raise NoteError("the proof is not a list of hashes")
        return cls(index, hashes, Checkpoint.parse(note), extra)

    def __str__(self) -> str:
        lines = [HEADER]
        if self.extra is not None:
            lines.append("extra " + base64.b64encode(self.extra).decode())
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(item).decode() for item in self.hashes]
        return "\n".join(lines) + "\n\n" + str(self.checkpoint)

    def prove(self, leaf: bytes) -> None:
        """Check that the leaf with this hash stands where the receipt says.

        Raises:
            ProofError: if the proof does not lead to the checkpoint's root.
        """
        verify_inclusion(self.index, self.checkpoint.size, leaf, self.hashes, self.checkpoint.root)


def _decode(text: str) -> bytes:
    try:
        return strict_base64(text)
    except ValueError as problem:
        raise NoteError(f"{text!r} is not base64") from problem
