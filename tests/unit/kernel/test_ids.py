from __future__ import annotations

import time

from jutong.kernel.ids import uuid7


def test_the_layout_is_that_of_rfc_9562():
    found = uuid7(0x0123_4567_89AB)
    assert found.version == 7
    assert found.variant == "specified in RFC 4122"
    assert found.hex.startswith("0123456789ab7")


def test_ids_sort_by_the_time_they_were_made():
    stamps = [1, 2, 1_700_000_000_000, 1_700_000_000_001]
    made = [uuid7(stamp) for stamp in stamps]
    assert made == sorted(made)


def test_ids_made_in_one_millisecond_differ():
    assert len({uuid7(1_700_000_000_000) for _ in range(10_000)}) == 10_000


def test_the_stamp_defaults_to_now():
    before = time.time_ns() // 1_000_000
    stamp = uuid7().int >> 80
    assert before <= stamp <= time.time_ns() // 1_000_000
