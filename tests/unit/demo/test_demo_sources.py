from __future__ import annotations

import json
from pathlib import Path

from jutong.demo.load import write_sources
from jutong.kernel.settings import Settings


def test_a_start_leaves_what_people_connected(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    ours = {"name": "water-reports", "dialect": "files", "organisation_code": "1", "path": "a"}
    theirs = {"name": "register", "dialect": "mysql", "organisation_code": "1", "dsn": "mysql://r:s@127.0.0.1:3306/b"}
    file = settings.path("node", "sources.json")
    write_sources(settings, [], [ours])
    file.write_text(json.dumps([*json.loads(file.read_text(encoding="utf-8")), theirs]), encoding="utf-8")

    write_sources(settings, [], [ours | {"path": "b"}])

    assert json.loads(file.read_text(encoding="utf-8")) == [ours | {"path": "b"}, theirs]
    assert file.stat().st_mode & 0o777 == 0o600
