from __future__ import annotations

import json
import logging
import sys

from jutong.kernel.logs import JsonLineFormatter


def record(message: str, *arguments: object, failed: bool = False) -> logging.LogRecord:
    trace = None
    if failed:
        try:
            int("号码11010519491231002X\n第二行")
        except ValueError:
            trace = sys.exc_info()
    return logging.LogRecord("jutong.node", logging.WARNING, "x.py", 1, message, arguments, trace)


def test_a_record_is_one_ascii_line_whatever_was_typed():
    line = JsonLineFormatter().format(record("收到“%s”", '甲\n{"level": "info"}\x1b[31m'))
    assert "\n" not in line
    assert line.isascii()
    parsed = json.loads(line)
    assert parsed["message"] == '收到“甲\n{"level": "info"}\x1b[31m”'
    assert (parsed["level"], parsed["name"]) == ("warning", "jutong.node")
    assert parsed["time"].endswith("+00:00")
    assert "trace" not in parsed


def test_long_numbers_never_reach_the_log():
    line = JsonLineFormatter().format(record("证件%s，电话%s，序号%s", "11010519491231002X", "13800138000", 12345))
    assert json.loads(line)["message"] == "证件******，电话******，序号12345"


def test_traces_are_masked_too():
    parsed = json.loads(JsonLineFormatter().format(record("失败", failed=True)))
    assert "ValueError" in parsed["trace"]
    assert "1949" not in parsed["trace"]
