from __future__ import annotations

import pytest

from jutong.center.intake.describing.types import Mapped, mapped


@pytest.mark.parametrize(
    ("written", "kind", "length"),
    [
        ("character varying(64)", "C", 64),
        ("VARCHAR(18)", "C", 18),
        ("varchar(max)", "C", None),
        ("uuid", "C", None),
        ("numeric(12,2)", "N", 12),
        ("decimal", "N", None),
        ("int unsigned", "I", None),
        ("int(11)", "I", None),
        ("bigint", "I", None),
        ("tinyint(1)", "L", None),
        ("tinyint(4)", "I", None),
        ("boolean", "L", None),
        ("money", "Y", None),
        ("double precision", "B", None),
        ("real", "F", None),
        ("date", "D", None),
        ("timestamp(0) without time zone", "T", None),
        ("timestamp with time zone", "T", None),
        ("datetime", "T", None),
        ("text", "M", None),
        ("jsonb", "M", None),
        ("bytea", "G", None),
        ("text[]", "G", None),
        ("varchar(0)", "C", None),
        ("", "G", None),
    ],
)
def test_types_of_three_databases_are_told_apart(written: str, kind: str, length: int | None) -> None:
    assert mapped(written) == Mapped(kind, length)
