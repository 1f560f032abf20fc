from __future__ import annotations

import pytest

from jutong.node.errors import NonceStoreFullError, ReplayedError
from jutong.node.gateway.nonces import KEEP_SECONDS, NonceMemory

SECRET = b"s" * 32
NOW = 1_800_000_000


def test_a_request_is_taken_once_for_as_long_as_it_could_be_sent_again() -> None:
    memory = NonceMemory(SECRET)
    mark = memory.mark("key", "nonce")
    memory.take(mark, NOW, NOW)
    for later in (0, 1, 299, 300, KEEP_SECONDS - 60):
        memory.take(memory.mark("key", f"other{later}"), NOW + later, NOW + later)
        with pytest.raises(ReplayedError):
            memory.take(mark, NOW, NOW + later)


def test_another_key_may_use_the_same_nonce() -> None:
    memory = NonceMemory(SECRET)
    memory.take(memory.mark("one", "nonce"), NOW, NOW)
    memory.take(memory.mark("two", "nonce"), NOW, NOW)
    assert len(memory) == 2


def test_old_marks_are_forgotten() -> None:
    memory = NonceMemory(SECRET)
    for second in range(0, 3600, 10):
        memory.take(memory.mark("key", str(second)), NOW + second, NOW + second)
    assert len(memory) <= (KEEP_SECONDS + 120) / 10


def test_a_full_memory_refuses_instead_of_forgetting() -> None:
    memory = NonceMemory(SECRET, largest=2)
    memory.take(1, NOW, NOW)
    memory.take(2, NOW, NOW)
    with pytest.raises(NonceStoreFullError):
        memory.take(3, NOW, NOW)
    with pytest.raises(ReplayedError):
        memory.take(1, NOW, NOW)
    memory.take(3, NOW + KEEP_SECONDS + 120, NOW + KEEP_SECONDS + 120)


def test_what_the_log_holds_is_refused_after_a_restart() -> None:
    memory = NonceMemory(SECRET)
    memory.restore([(memory.mark("key", "nonce"), NOW), (memory.mark("key", "nonce"), NOW)])
    assert len(memory) == 1
    with pytest.raises(ReplayedError):
        memory.take(memory.mark("key", "nonce"), NOW, NOW + 100)
