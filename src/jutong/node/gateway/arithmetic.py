"""The other half of ``aside``: a process that does nothing but Ed25519, until its standard input ends.

It reads jobs one after another: a letter, two bytes of length and the message, before which ``V`` (verify) has the
32-byte key and the 64-byte signature. It answers each in turn: one byte for a verification, 64 for a signature.
The first 32 bytes it reads are the seed of the key it signs with.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

HEAD = struct.Struct(">cH")
VERIFY, SIGN = b"V", b"S"
KEY_BYTES, SIGNATURE_BYTES, SEED_BYTES = 32, crypto_sign_BYTES, 32
CLAIM_BYTES = KEY_BYTES + SIGNATURE_BYTES
GOOD, BAD = b"\x01", b"\x00"
_CHUNK = 1 << 16


def pack_verify(key: bytes, signature: bytes, message: bytes) -> bytes:
    """Return a job that checks a signature."""
    return HEAD.pack(VERIFY, len(message)) + key + signature + message


def pack_sign(message: bytes) -> bytes:
    """Return a job that makes a signature."""
    return HEAD.pack(SIGN, len(message)) + message


def verify(key: bytes, signature: bytes, message: bytes) -> bytes:
    """Return ``GOOD`` or ``BAD``."""
    try:
        crypto_sign_open(signature + message, key)
    except BadSignatureError:
        return BAD
    return GOOD


def answers(jobs: bytes, secret: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield, for each whole job, where it ends and its answer."""
    at = 0
    while at + HEAD.size <= len(jobs):
        letter, length = HEAD.unpack_from(jobs, at)
        start = at + HEAD.size
        message_at = start + (CLAIM_BYTES if letter == VERIFY else 0)
        at = message_at + length
        if at > len(jobs):
            return
        message = jobs[message_at:at]
        if letter == VERIFY:
            yield at, verify(jobs[start : start + KEY_BYTES], jobs[start + KEY_BYTES : message_at], message)
        else:
            yield at, crypto_sign(message, secret)[:SIGNATURE_BYTES]


def main(source: int = 0, target: int = 1) -> None:
    """Answer until the input ends, which is when the node does, however it does."""
    seed = b""
    while len(seed) < SEED_BYTES:
        more = os.read(source, SEED_BYTES - len(seed))
        if not more:
            return
        seed += more
    _, secret = crypto_sign_seed_keypair(seed)
    jobs = b""
    while chunk := os.read(source, _CHUNK):
        jobs += chunk
        done, out = 0, []
        for done, answer in answers(jobs, secret):  # noqa: B007 - where the last whole job ended
            out.append(answer)
        jobs = jobs[done:]
        if out:
            os.write(target, b"".join(out))


if __name__ == "__main__":
    main()
