"""Courses over files of a folder, and the list of every course there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from jutong.contracts.modes import MergeMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.node.files.mapping import FileTables
from jutong.node.sources import SourceConfig
from tests.fault.exchange.city import Appended, Compared, Course, Filled, Kept, Merged, Passed, Piped, Row
from tests.unit.node.exchange.moving import ORGANISATION


class Dropped(Course):
    """Files of a folder: several, one of them twice, with lines that are no rows."""

    name = "dropped"
    arrival: ClassVar[str] = "all"

    @property
    @override
    def source(self) -> SourceConfig:
        mapped = {"pattern": "*.csv*", "format": "csv", "arrival": self.arrival, "settle_seconds": 0}
        files = FileTables.model_validate_json(json.dumps({"tables": {self.name: mapped}}))
        return SourceConfig("drops", "files", ORGANISATION, path=self.folder, files=files)

    @property
    def folder(self) -> Path:
        return self.city.home / f"in-{self.name}"

    @override
    def prepare(self) -> None:
        self.folder.mkdir()
        self.number = 0
        self.contents: dict[str, list[Row]] = {}
        for _ in range(3):
            self.put(f"{self.number}.csv")

    def put(self, name: str) -> None:
        """Write a file, whole at once."""
        self.number += 1
        kept, lines = [], ["id,name,income"]
        for one in range(1_500):
            number = self.number * 10_000 + one
            if number % 50 == 0:
                lines.append(f"{number},ragged")
            else:
                kept.append((str(number), f"n{self.dice.randrange(10**6)}" if number % 20 else "", "1.5"))
                lines.append(",".join(kept[-1]))
        fresh = self.folder / f".{name}"
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fresh.rename(self.folder / name)
        self.contents[name] = [row for row in kept if row[1]]

    @override
    def change(self) -> None:
        name = self.dice.choice(sorted(self.contents))
        self.put(name)
        (self.folder / "twice.csv").write_bytes((self.folder / name).read_bytes())

    @override
    def order(self) -> JobOrder:
        return super().order().model_copy(update={"schema_name": "files"})

    @override
    def rows(self, condition: str = "") -> list[Row]:
        return [row for rows in self.contents.values() for row in rows]

    @override
    def audit(self, receipt: MovedReceipt) -> None:
        super().audit(receipt)
        assert sorted(file.state for file in receipt.files).count("read") == len(self.contents)


class Unseen(Dropped):
    """Files no job has moved yet, brought in by key."""

    name = "unseen"
    arrival = "unseen"
    mode = MergeMode(keys=("id",))

    @override
    def change(self) -> None:
        self.put(f"{self.number}.csv")
        (self.folder / f"{self.number}-twice.csv").write_bytes((self.folder / f"{self.number - 1}.csv").read_bytes())

    @override
    def audit(self, receipt: MovedReceipt) -> None:
        Course.audit(self, receipt)
        fresh = [file.name for file in receipt.files if file.state == "read"]
        assert len(fresh) == (3 if len(self.jobs) == 1 else 1), receipt.files


COURSES: tuple[type[Course], ...] = (
    Course, Appended, Merged, Compared, Kept, Filled, Passed, Piped, Dropped, Unseen,
)  # fmt: skip
