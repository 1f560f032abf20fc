from __future__ import annotations

import errno
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jutong.evidence import errors
from jutong.evidence.errors import LogUnwritableError, RecordInvalidError, refusal, told
from jutong.evidence.record import build
from jutong.kernel import i18n
from jutong.kernel.errors import JutongError


def test_a_finding_is_told_in_the_language_of_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    error = errors.FolderAlteredError(file="keys", problem=told("有{found}项", found=3))
    assert "有3项" in error.explain()
    english = {error.message: "The file {file} was altered: {problem}.", "有{found}项": "{found} items"}
    monkeypatch.setattr(errors, "translate", lambda message, _language: english[message])
    assert error.explain("en") == "The file keys was altered: 3 items."


def test_a_template_without_its_field_is_still_told() -> None:
    assert "{file}" in errors.FolderAlteredError(problem="x").explain()


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘已满"),
        (PermissionError(errno.EACCES, "Permission denied"), "没有权限"),
        (OSError(errno.EBUSY, "busy"), "[Errno 16] busy"),
        (OSError(), "OSError"),
        (sqlite3.OperationalError("locked"), "locked"),
    ],
)
def test_the_disks_refusal_is_told(problem: Exception, reason: str) -> None:
    assert str(refusal(problem)) == reason
    assert reason in LogUnwritableError(reason=refusal(problem)).explain()


def test_a_full_record_store_is_a_full_disk(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "small.db")
    database.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as found:
        database.executescript("".join(f"CREATE TABLE t{number} (x);" for number in range(1000)))
    database.close()
    assert str(refusal(found.value)) == "磁盘已满"


def test_every_error_says_what_and_what_next_with_a_code_of_its_own() -> None:
    kinds = [
        kind for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, JutongError) and "code" in vars(kind) and kind is not JutongError
    ]  # fmt: skip
    assert len(kinds) > 25
    for kind in kinds:
        assert kind.code.startswith("evidence.")
        assert kind.message
        assert kind.next_step != JutongError.next_step, kind
        assert i18n.translate(kind.message) == kind.message


def test_a_finding_survives_into_the_envelope() -> None:
    with pytest.raises(RecordInvalidError) as found:
        build({"kind": ""}, datetime(2026, 1, 1, tzinfo=UTC))
    assert found.value.envelope()["error"]["fields"] == {"field": "kind", "problem": "必须有，且是文字"}
