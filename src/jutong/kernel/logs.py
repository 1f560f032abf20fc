"""One JSON line per log record, ASCII only, so that nothing a user typed can forge or break a line."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

_LONG_DIGITS = re.compile(r"\d{6,}[\dXx]*")


class JsonLineFormatter(logging.Formatter):
    """Formats a record as one ASCII JSON line; runs of six or more digits are masked (no personal data in logs)."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "name": record.name,
            "message": _LONG_DIGITS.sub("******", record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = _LONG_DIGITS.sub("******", self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True)
