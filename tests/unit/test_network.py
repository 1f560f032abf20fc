"""The suite cannot reach the network: a test that tried would fail on the spot, not hang or pass by luck."""

from __future__ import annotations

import socket

import pytest
from pytest_socket import SocketConnectBlockedError

# The block warns before it raises; the suite would turn that warning into another error.
pytestmark = pytest.mark.filterwarnings("ignore:A test tried to use socket:UserWarning")

TEST_NET = ("192.0.2.1", 80)
"""An address that documentation may use and nobody answers (RFC 5737)."""


def test_a_connection_beyond_loopback_is_refused_before_it_is_tried():
    with socket.socket() as outward, pytest.raises(SocketConnectBlockedError):
        outward.connect(TEST_NET)


def test_the_convenience_functions_are_blocked_too():
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(TEST_NET, timeout=1)


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as near:
        far, _ = server.accept()
        with far:
            near.sendall(b"x")
            assert far.recv(1) == b"x"
