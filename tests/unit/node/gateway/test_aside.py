"""Signatures computed by the helper are those computed on the spot, whatever becomes of the helper."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_sign_seed_keypair

from jutong.kernel.keys import generate_signer
from jutong.node.gateway import arithmetic
from jutong.node.gateway.aside import FEW, LONGEST_MESSAGE, MOST_IN_BATCH, Arithmetic

KEY, OTHER = generate_signer("node-1"), generate_signer("other")
PUBLIC = base64.b64decode(KEY.public_b64)
MESSAGES = [f"message {number}".encode() for number in range(3 * MOST_IN_BATCH + 5)]


@pytest.fixture
async def busy() -> AsyncIterator[Arithmetic]:
    made = Arithmetic(KEY)
    made.active = FEW + 1
    made._broken = False
    yield made
    made.close()


async def _all(made: Arithmetic) -> None:
    signatures = await asyncio.gather(*(made.sign(message) for message in MESSAGES))
    assert list(signatures) == [KEY.sign(message) for message in MESSAGES]
    good = [made.verify(PUBLIC, signature, message) for signature, message in zip(signatures, MESSAGES, strict=True)]
    bad = [made.verify(PUBLIC, OTHER.sign(message), message) for message in MESSAGES]
    mixed = await asyncio.gather(*(job for pair in zip(good, bad, strict=True) for job in pair))
    assert mixed == [True, False] * len(MESSAGES)


async def test_many_go_to_the_helper_and_come_back_in_order(busy: Arithmetic) -> None:
    await _all(busy)
    assert busy._helper is not None
    assert busy._helper.poll() is None


async def test_few_are_computed_on_the_spot() -> None:
    made = Arithmetic(KEY)
    made.active = FEW
    await _all(made)
    assert made._helper is None
    made.close()


async def test_a_long_text_is_computed_on_the_spot(busy: Arithmetic) -> None:
    text = b"x" * (LONGEST_MESSAGE + 1)
    assert await busy.verify(PUBLIC, await busy.sign(text), text)
    assert busy._helper is None


async def test_a_helper_that_dies_is_not_missed(busy: Arithmetic) -> None:
    await _all(busy)
    assert busy._helper is not None
    helper = busy._helper
    waiting = [asyncio.ensure_future(busy.sign(message)) for message in MESSAGES]
    await asyncio.sleep(0)
    helper.kill()
    assert await asyncio.gather(*waiting) == [KEY.sign(message) for message in MESSAGES]
    await _all(busy)
    assert busy._helper is None


async def test_a_caller_that_hangs_up_does_not_disturb_the_others(busy: Arithmetic) -> None:
    jobs = [asyncio.ensure_future(busy.sign(message)) for message in MESSAGES]
    await asyncio.sleep(0)
    jobs[0].cancel()
    jobs[40].cancel()
    found = await asyncio.gather(*jobs, return_exceptions=True)
    for number, signature in enumerate(found):
        if number in {0, 40}:
            assert isinstance(signature, asyncio.CancelledError)
        else:
            assert signature == KEY.sign(MESSAGES[number])


async def test_closing_ends_the_helper(busy: Arithmetic) -> None:
    await _all(busy)
    helper = busy._helper
    assert helper is not None
    job = asyncio.ensure_future(busy.sign(b"x"))
    await asyncio.sleep(0)
    busy.close()
    assert helper.poll() is not None
    with pytest.raises(asyncio.CancelledError):
        await job


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=80)), max_size=8), st.integers(0, 200))
def test_jobs_cut_anywhere_are_answered_when_whole(jobs: list[tuple[bool, bytes]], cut: int) -> None:
    _, secret = crypto_sign_seed_keypair(KEY.private.private_bytes_raw())
    packed = b"".join(
        arithmetic.pack_sign(text) if sign else arithmetic.pack_verify(PUBLIC, KEY.sign(text), text)
        for sign, text in jobs
    )
    expected = [KEY.sign(text) if sign else arithmetic.GOOD for sign, text in jobs]
    first = list(arithmetic.answers(packed[:cut], secret))
    done = first[-1][0] if first else 0
    assert [answer for _, answer in first] + [
        answer for _, answer in arithmetic.answers(packed[done:], secret)
    ] == expected


def test_the_helper_ends_with_its_input() -> None:
    for seed in (b"", b"short", KEY.private.private_bytes_raw()):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "jutong.node.gateway.arithmetic"],
            input=seed,
            capture_output=True,
            check=True,
            timeout=30,
        )
        assert (done.stdout, done.stderr) == (b"", b"")


def test_the_helpers_loop() -> None:
    source, into = os.pipe()
    out, target = os.pipe()
    os.write(
        into,
        KEY.private.private_bytes_raw() + arithmetic.pack_sign(b"x") + arithmetic.pack_verify(PUBLIC, b"\0" * 64, b"x"),
    )
    os.close(into)
    arithmetic.main(source, target)
    assert os.read(out, 100) == KEY.sign(b"x") + arithmetic.BAD
    for descriptor in (source, out, target):
        os.close(descriptor)
