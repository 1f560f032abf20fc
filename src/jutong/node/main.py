"""The node's one process: gateway, evidence log and agent on one event loop (docs/adr/0007-one-node-process.md)."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from jutong.kernel import settings as jutong_settings
from jutong.kernel.errors import JutongError
from jutong.kernel.logs import JsonLineFormatter
from jutong.kernel.settings import Settings
from jutong.node.gateway.callers import config as caller_config
from jutong.node.gateway.callers.tls import tls_door
from jutong.node.service import running

COLLECT_AFTER = (50_000, 20, 100)
"""How many new objects wait for a garbage collection: calls leave no cycles, and each pause is felt by all."""

LOGGER = logging.getLogger(__name__)
BACKLOG = 1024


def configure_logs(level: str) -> None:
    """Write JSON lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLineFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # One line per poll and second says nothing.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def server_for(app: Any, *, host: str, port: int) -> Server:
    """Return the HTTP server around an ASGI application, on this event loop."""
    return Server(
        app, address=host, port=port, interface=Interfaces.ASGINL, http=HTTPModes.http1, websockets=False,
        backlog=BACKLOG, log_enabled=False,
    )  # fmt: skip


async def serve(settings: Settings) -> None:
    """Run the node until SIGTERM or SIGINT.

    Raises:
        JutongError: if it cannot start.
    """
    callers = caller_config.load(settings.path(caller_config.FILE))
    async with running(settings) as node, tls_door(node.gateway, callers.mtls):
        server = server_for(node.gateway, host=settings.host, port=settings.gateway_port)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        LOGGER.info("node %s answers at %s with %d leaves", node.name, settings.gateway_base, node.log.size)
        await server.serve()
    LOGGER.info("node stopped")


def main() -> int:
    """Start the node of the instance the environment names; return the exit code."""
    settings = jutong_settings.load()
    configure_logs(settings.log_level)
    try:
        asyncio.run(serve(settings))
    except JutongError as error:
        LOGGER.critical("%s %s", error, error.advise(settings.language))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
