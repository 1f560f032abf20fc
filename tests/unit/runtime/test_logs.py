from __future__ import annotations

import json
import logging
import stat

from jutong.runtime import logs


def test_a_small_or_absent_log_is_left(tmp_path):
    path = tmp_path / "x.log"
    assert not logs.rotate(path)
    path.write_text("short")
    assert not logs.rotate(path)
    assert path.read_text() == "short"


def test_a_large_log_is_cut_and_the_oldest_piece_goes(tmp_path):
    path = tmp_path / "x.log"
    with path.open("ab") as writer:
        for number in range(5):
            writer.write(f"piece {number}\n".encode())
            writer.flush()
            assert logs.rotate(path, largest=3, kept=3)
        writer.write(b"now\n")
    assert path.read_text() == "now\n"
    assert [path.with_name(f"x.log.{n}").read_text() for n in (1, 2, 3)] == ["piece 4\n", "piece 3\n", "piece 2\n"]
    assert not path.with_name("x.log.4").exists()
    assert stat.S_IMODE(path.with_name("x.log.1").stat().st_mode) == 0o600


def test_the_tail_skips_empty_lines_and_what_came_before(tmp_path):
    path = tmp_path / "x.log"
    assert logs.tail(path) == ""
    path.write_text("one\ntwo\n\nthree\n")
    assert logs.tail(path, 2) == "two\nthree"
    assert logs.tail(path, 5, start=4) == "two\nthree"


def test_the_supervisors_lines_are_json_and_go_to_one_file_only(tmp_path):
    logs.supervisor_log(tmp_path / "old.log", "info").info("first")
    logger = logs.supervisor_log(tmp_path / "new.log", "info")
    logger.info("second %s", "一")
    logger.debug("not written")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)
    lines = [json.loads(line) for line in (tmp_path / "new.log").read_text(encoding="ascii").splitlines()]
    assert [line["message"] for line in lines] == ["second 一"]
    assert len((tmp_path / "old.log").read_text().splitlines()) == 1
