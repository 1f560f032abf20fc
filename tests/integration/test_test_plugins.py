"""The tests' own servers work, so that a green run means that they ran."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import psycopg
import pytest
import pytest_socket

from tests.plugins import missing


def test_the_registry_of_the_tests_is_not_the_developers(registry_server):
    assert Path(os.environ["JUTONG_HOME"]).parent == registry_server.home.path.parent
    with psycopg.connect(os.environ["JUTONG_DATABASE_URL"]) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("off",)


@pytest.mark.mariadb
def test_mariadb_takes_chinese_and_gives_it_back(mariadb):
    name = mariadb.create_database("plugin_check")
    connection = mariadb.connect(name)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE person (name varchar(20))")
        cursor.execute("INSERT INTO person VALUES ('张三𠮷')")
        cursor.execute("SELECT name, @@bind_address FROM person")
        assert cursor.fetchone() == ("张三𠮷", "127.0.0.1")


@pytest.mark.e2e
def test_chromium_is_there(chromium):
    done = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert "Chromium" in done.stdout


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_no_test_reaches_the_network():
    with pytest.raises(pytest_socket.SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 9), timeout=1)


def test_a_missing_component_is_left_out_here_and_a_failure_in_ci(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install"):
        missing.component_missing("MariaDB")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="MariaDB is not installed"):
        missing.component_missing("MariaDB")
