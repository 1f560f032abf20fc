"""Courses into a table of MariaDB."""

from __future__ import annotations

from typing import ClassVar

import pymysql
from typing_extensions import override

from jutong.contracts.landing import Landing
from jutong.contracts.modes import DifferenceMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.node.sources import SourceConfig
from tests.fault.exchange.city import MARIA, Course, Row


class Loaded(Course):
    """Into a table of MariaDB, exchanging it."""

    name = "loaded"
    keys: ClassVar[str] = "PRIMARY KEY (id), KEY (name)"

    @property
    @override
    def into(self) -> SourceConfig:
        assert self.city.maria is not None
        return self.city.maria

    def at(self, *statements: str) -> list[Row]:
        options = {**self.into.mysql_options(), "database": None}
        connection = pymysql.connect(**options, charset="utf8mb4", autocommit=True, ssl_disabled=True)
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    @override
    def prepare(self) -> None:
        super().prepare()
        self.at(
            f"DROP TABLE IF EXISTS {MARIA}.{self.name}",
            f"CREATE TABLE {MARIA}.{self.name} (id int, name varchar(32), income decimal(12, 2), {self.keys})",
        )

    @override
    def order(self) -> JobOrder:
        pairs = tuple((name, name) for name in self.columns)
        landing = Landing(source="maria", schema_name=MARIA, table=self.name, columns=pairs)
        return super().order().model_copy(update={"into": landing})

    @override
    def content(self) -> list[Row]:
        return sorted(self.at(f"SELECT {', '.join(self.columns)} FROM {MARIA}.{self.name}"))

    @override
    def audit(self, receipt: MovedReceipt) -> None:
        (job,) = self.at("SELECT state, JSON_VALUE(proof, '$.rows'), JSON_VALUE(proof, '$.rows_read'),"
                         " JSON_VALUE(proof, '$.digest') FROM jutong_exchange.job"
                         f" WHERE job_id = '{receipt.job_id}'")  # fmt: skip
        assert job == ("committed", str(receipt.rows_written), str(receipt.rows_read), receipt.target_digest)
        (book,) = self.at("SELECT SUM(JSON_VALUE(done, '$.read')), SUM(JSON_VALUE(done, '$.written')),"
                          " SUM(JSON_VALUE(done, '$.quarantined')), COUNT(DISTINCT number) = COUNT(*)"
                          f" FROM jutong_exchange.chunk WHERE job_id = '{receipt.job_id}'")  # fmt: skip
        assert book == (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined, 1)
        assert receipt.rows_written == len(self.content())
        self.audit_aside(receipt)

    @override
    def left_over(self) -> list[str]:
        tables = ("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'jutong_exchange'"
                  " AND TABLE_NAME NOT IN ('job', 'chunk')")  # fmt: skip
        unended = "SELECT job_id FROM jutong_exchange.job WHERE state <> 'committed'"
        return [row[0] for query in (tables, unended) for row in self.at(query)]


class Brought(Loaded):
    """Into a table of MariaDB that keeps its own rows, by their key."""

    name = "brought"
    mode = DifferenceMode(keys=("id",))
    keys = "own int NOT NULL AUTO_INCREMENT PRIMARY KEY, KEY (id)"


class Refilled(Loaded):
    """Into a table of MariaDB that a trigger hangs on, so that its rows are exchanged."""

    name = "refilled"

    @override
    def prepare(self) -> None:
        super().prepare()
        told = f"{MARIA}.told BEFORE INSERT ON {MARIA}.{self.name} FOR EACH ROW SET @told = NEW.id"
        self.at(f"CREATE TRIGGER {told}")


MARIAS: tuple[type[Course], ...] = (Loaded, Brought, Refilled)
