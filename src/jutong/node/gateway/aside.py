"""Signature arithmetic beside the interpreter when many calls wait, on the spot when few do.

One verification and one signature cost more than everything else the gateway does for a call. A helper process does
them on another core; jobs go over in batches, the next batch gathering while one is under way, so that handing over
costs little. If the helper dies, the arithmetic is done on the spot again: slower, never wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
from collections import deque
from dataclasses import dataclass

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from jutong.kernel.keys import ED25519, Ed25519Signer
from jutong.node.gateway.arithmetic import GOOD, SIGNATURE_BYTES, pack_sign, pack_verify, verify

LOGGER = logging.getLogger(__name__)
FEW = 3
"""Calls in progress up to which everything is computed on the spot."""

MOST_IN_BATCH = 32
LONGEST_MESSAGE = 1500
"""Longer texts are computed on the spot, so that a batch always fits into an empty pipe."""

_READ = 1 << 16
END_SECONDS = 5.0


@dataclass(slots=True)
class _Job:
    done: asyncio.Future[bytes]
    size: int
    message: bytes
    key: bytes = b""
    signature: bytes = b""

    def packed(self) -> bytes:
        return pack_verify(self.key, self.signature, self.message) if self.key else pack_sign(self.message)


class Arithmetic:
    """Verifies callers' signatures and signs with the node's key. Used from one event loop; ``close`` it.

    Args:
        signer: the node's key.
    """

    alg = ED25519

    def __init__(self, signer: Ed25519Signer) -> None:
        self.key_id = signer.key_id
        self.active = 0
        """Calls in progress; kept by the gateway."""
        self._seed = signer.private.private_bytes_raw()
        _, self._secret = crypto_sign_seed_keypair(self._seed)
        self._helper: subprocess.Popen[bytes] | None = None
        self._broken = (os.cpu_count() or 1) == 1
        self._gathered: deque[_Job] = deque()
        self._sent: deque[_Job] = deque()
        self._answers = b""

    async def verify(self, key: bytes, signature: bytes, message: bytes) -> bool:
        """Tell whether the 64-byte signature over ``message`` is the key's."""
        if self._alone(message):
            return verify(key, signature, message) == GOOD
        return await self._hand_over(1, message, key, signature) == GOOD

    async def sign(self, message: bytes) -> bytes:
        """Return the node's 64-byte signature over ``message``."""
        if self._alone(message):
            return self._sign(message)
        return await self._hand_over(SIGNATURE_BYTES, message)

    def _sign(self, message: bytes) -> bytes:
        return crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def _alone(self, message: bytes) -> bool:
        return self.active <= FEW or self._broken or len(message) > LONGEST_MESSAGE

    async def _hand_over(self, size: int, message: bytes, key: bytes = b"", signature: bytes = b"") -> bytes:
        loop = asyncio.get_running_loop()
        if self._helper is None:
            self._start(loop)
        job = _Job(loop.create_future(), size, message, key, signature)
        self._gathered.append(job)
        if not self._sent and len(self._gathered) == 1:
            loop.call_soon(self._send)
        return await job.done

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        command = [sys.executable, "-P", "-m", "jutong.node.gateway.arithmetic"]
        self._helper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert self._helper.stdin is not None  # noqa: S101 - asked for above
        assert self._helper.stdout is not None  # noqa: S101 - asked for above
        self._helper.stdin.write(self._seed)
        os.set_blocking(self._helper.stdin.fileno(), False)
        os.set_blocking(self._helper.stdout.fileno(), False)
        loop.add_reader(self._helper.stdout.fileno(), self._receive, loop)

    def _send(self) -> None:
        if self._sent or not self._gathered or self._helper is None or self._helper.stdin is None:
            return
        while self._gathered and len(self._sent) < MOST_IN_BATCH:
            self._sent.append(self._gathered.popleft())
        packed = b"".join([job.packed() for job in self._sent])
        try:
            whole = os.write(self._helper.stdin.fileno(), packed) == len(packed)
        except OSError:
            whole = False
        if not whole:
            self._give_up(asyncio.get_running_loop())

    def _receive(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._helper is not None  # noqa: S101 - the reader lives as long as the helper
        assert self._helper.stdout is not None  # noqa: S101 - asked for at the start
        try:
            chunk = os.read(self._helper.stdout.fileno(), _READ)
        except BlockingIOError:
            return
        if not chunk:
            self._give_up(loop)
            return
        answers = self._answers + chunk
        at = 0
        while self._sent and at + self._sent[0].size <= len(answers):
            job = self._sent.popleft()
            if not job.done.done():
                job.done.set_result(answers[at : at + job.size])
            at += job.size
        self._answers = answers[at:]
        self._send()

    def _give_up(self, loop: asyncio.AbstractEventLoop) -> None:
        LOGGER.error("the signature helper ended; signatures are computed in the gateway from now on")
        self._broken = True
        self._stop(loop)
        for job in (*self._sent, *self._gathered):
            if not job.done.done():
                job.done.set_result(verify(job.key, job.signature, job.message) if job.key else self._sign(job.message))
        self._sent.clear()
        self._gathered.clear()

    def _stop(self, loop: asyncio.AbstractEventLoop) -> None:
        helper, self._helper = self._helper, None
        if helper is None or helper.stdin is None or helper.stdout is None:
            return
        loop.remove_reader(helper.stdout.fileno())
        with contextlib.suppress(OSError):
            helper.stdin.close()
        helper.stdout.close()
        try:
            helper.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            helper.kill()
            helper.wait()

    def close(self) -> None:
        """End the helper. Whoever still waits is served on the spot."""
        if self._helper is not None:
            self._broken = True
            loop = asyncio.get_running_loop()
            self._stop(loop)
            waiting = [*self._sent, *self._gathered]
            self._sent.clear()
            self._gathered.clear()
            for job in waiting:
                job.done.cancel()
