"""One node put together: what it holds, how it starts, how it stops."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from jutong.evidence.home import open_log
from jutong.evidence.log import EvidenceLog
from jutong.evidence.sequencer import Sequencer
from jutong.kernel.clock import Clock, utc_now
from jutong.kernel.keys import load_or_create_signer
from jutong.kernel.settings import Settings
from jutong.node import health, sources
from jutong.node.agent.arriving import Arrivals
from jutong.node.agent.center import TIMEOUT_SECONDS, Center, write_public
from jutong.node.agent.jobs import Jobs
from jutong.node.agent.loop import Agent
from jutong.node.agent.marking import Marking
from jutong.node.agent.nightly import Nightly
from jutong.node.agent.orders import Orders
from jutong.node.agent.releasing import Releasing
from jutong.node.agent.replays import Replays
from jutong.node.agent.served import Served, restore, restore_quotas
from jutong.node.agent.tasks import Tasks
from jutong.node.agent.tracing import Tracing
from jutong.node.agent.watching import Watcher
from jutong.node.agent.works import Works
from jutong.node.cases import Cases
from jutong.node.extract.extracts import DOWNLOAD, EXTRACTS, Extracts
from jutong.node.freshness import Freshness
from jutong.node.gateway.addresses import Lender
from jutong.node.gateway.app import Gateway
from jutong.node.gateway.aside import Arithmetic
from jutong.node.gateway.bulk import BulkCalls
from jutong.node.gateway.callers import config as caller_config
from jutong.node.gateway.cellkeys import CellKeys
from jutong.node.gateway.cursors import Cursors
from jutong.node.gateway.doors import Doors
from jutong.node.gateway.lent import Lent
from jutong.node.gateway.marks import MarkBook
from jutong.node.gateway.nonces import NonceMemory
from jutong.node.gateway.quota import Quotas
from jutong.node.gateway.recorder import Recorder
from jutong.node.gateway.serving import Serving
from jutong.node.gateway.signatures import AnswerSigner, RequestVerifier
from jutong.node.gateway.static import stylesheet
from jutong.node.gateway.tickets import Tickets
from jutong.node.grants import GrantBook
from jutong.node.live.pool import Sources
from jutong.node.masking import Pseudonyms
from jutong.node.shares.opening import open_sharing
from jutong.node.state import State
from jutong.node.statistics.opening import open_statistics
from jutong.node.tags import TagIndex

NODE_NAME = "node-1"
"""Name of the node of an instance whose ``node/name`` says nothing else."""

SECRET_BYTES = 32


@dataclass
class Node:
    """A running node."""

    settings: Settings
    name: str
    gateway: Gateway
    agent: Agent
    log: EvidenceLog
    state: State
    served: Served
    index: TagIndex


def node_name(settings: Settings) -> str:
    """Return the name this node is registered under: ``node/name`` in its home, or ``node-1``."""
    path = settings.path("node", "name")
    return path.read_text("utf-8").strip() if path.exists() else NODE_NAME


def secret(path: Path) -> bytes:
    """Return the node's own secret, made at the first start. It keys look-up tags and replay marks."""
    if not path.exists():
        fresh = path.with_name(path.name + ".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(SECRET_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        fresh.rename(path)
    return bytes.fromhex(path.read_text("ascii"))


@asynccontextmanager
async def running(settings: Settings, clock: Clock = utc_now) -> AsyncIterator[Node]:
    """Open everything, start the agent and yield the node; close in the opposite order.

    Raises:
        SourcesFileError, SourcesExposedError: the sources are not configured as they must be.
        CallersFileError, CallersExposedError: the callers are not.
        LogBusyError, LogDamagedError, LogUnwritableError: the evidence log does not open.
    """
    settings.path("keys").mkdir(mode=0o700, parents=True, exist_ok=True)
    configs = sources.load(settings.path(sources.FILE))
    callers = caller_config.load(settings.path(caller_config.FILE))
    with open_log(settings) as log:
        state = State(settings.path("node", "state.db"))
        try:
            async with (
                Sequencer(log, window=0.005) as sequencer,
                httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client,
            ):
                live = Sources(configs)
                node = _assemble(settings, clock, log=log, sequencer=sequencer, state=state, live=live, client=client)
                node.gateway.admit(callers, secret(settings.path("keys", "node.secret")))
                await node.agent.start()
                try:
                    yield node
                finally:
                    await node.agent.close()
                    node.gateway.arithmetic.close()
                    node.index.close()
                    await live.close()
        finally:
            state.close()


def _assemble(
    settings: Settings,
    clock: Clock,
    *,
    log: EvidenceLog,
    sequencer: Sequencer,
    state: State,
    live: Sources,
    client: httpx.AsyncClient,
) -> Node:
    name = node_name(settings)
    signer = load_or_create_signer(settings.path("keys", "node.key"), name)
    write_public(settings.path("keys", "node.pub"), signer)
    own_secret = secret(settings.path("keys", "node.secret"))
    center = Center(
        settings.center_base, node=name, signer=signer, key_path=settings.path("keys", "center.pub"), client=client
    )
    store = settings.path("records", "records.db")
    index = TagIndex(settings.path("records", "tags.db"), store, settings.path(*EXTRACTS))
    served = Served(
        state, store, size=lambda: log.size, published=lambda: log.published_size, signer=signer, node=name,
        index=index.note,
    )  # fmt: skip
    quotas, nonces, freshness = Quotas(), NonceMemory(own_secret), Freshness()
    now_ms = int(clock().timestamp() * 1000)
    served.catch_up(now_ms)
    restore(store, nonces, now_ms)
    restore_quotas(state, quotas, now_ms)
    book = GrantBook(state.grants(), Pseudonyms(own_secret))
    recorder = Recorder(sequencer, served, own_secret)
    lender = Lender(signer, settings.gateway_base)
    marks = MarkBook(recorder.tag)
    marking = Marking(Cases(state), marks, book, center, live, signer, index, log.find_record, recorder.tag, clock)
    marking.restore()
    extracts = Extracts(settings.path(*EXTRACTS), own_secret, lender, settings.gateway_base)
    bulk = BulkCalls(live, marks, Cursors(own_secret), recorder.tag, marking, extracts)
    serving = Serving(book, quotas, freshness, live, recorder, lender, bulk)
    arithmetic = Arithmetic(signer)
    gateway = Gateway(
        serving=serving,
        verifier=RequestVerifier(settings.gateway_base, arithmetic),
        signer=AnswerSigner(arithmetic),
        arithmetic=arithmetic,
        nonces=nonces,
        find_record=log.find_record,
        make_receipt=sequencer.receipt,
        health=lambda: _healthz(log, freshness, served, book),
        pages={},
        cell_keys=CellKeys(book, quotas, freshness, sequencer, served, own_secret),
    )
    tickets = Tickets(
        node=name, serving=serving, nonces=nonces, center_keys=lambda: center.verifiers,
        receipt_for=gateway.receipt_for, clock=gateway.clock,
    )  # fmt: skip
    gateway.pages |= {
        ("POST", "/gw/v1/tickets"): tickets.page,
        ("POST", "/gw/v1/tickets/receipt"): tickets.receipt,
        ("GET", "/static/jutong.css"): stylesheet(),
    }
    lent = Lent(lender, serving, gateway.clock, extracts.path_of)
    gateway.pages[("GET", DOWNLOAD)] = lent.extract
    gateway.pages[("GET", "/gw/v1/address/check")] = lent.check
    gateway.files = lent.file
    replays = Replays(settings.home, state, center, live, log=log, sequencer=sequencer, reports=served, clock=clock)
    orders = Orders(state, book, center, live, marking.apply)
    jobs = Jobs(settings, state, center, live, log=log, sequencer=sequencer, reports=served, clock=clock)
    works = Works(settings, state, center, log=log, sequencer=sequencer, reports=served, clock=clock)
    tracing = Tracing(state, center, signer, index, log.find_record, recorder.tag, clock)
    releasing = Releasing(settings.home, state, live)
    runs = {
        "job": jobs.run, "mark": marking.carry_out, "trace": tracing.carry_out, "release-log": releasing.run,
        "work": works.run,
    }  # fmt: skip
    tasks = Tasks(state, center, live, runs, clock)
    agent = Agent(
        center=center, state=state, orders=orders, tasks=tasks, watcher=Watcher(state, center, live, clock),
        replays=replays, served=served, index=index, freshness=freshness,
        nightly=Nightly(settings.home, state, center, live, log=log, sequencer=sequencer, reports=served, clock=clock),
        arrivals=Arrivals(settings.home, state, center, live, clock),
        health=lambda: health.report(settings, log, live), clock=clock,
    )  # fmt: skip
    Doors(settings.home, gateway, center, live, sequencer=sequencer, reports=served, started_ms=now_ms).open(
        replays.sweep_once, agent.health_once
    )
    open_sharing(
        settings.home, gateway, node=name, secret=own_secret, base=settings.gateway_base,
        center_keys=lambda: center.verifiers, sequencer=sequencer, reports=served, started_ms=now_ms,
    )  # fmt: skip
    open_statistics(
        settings.home, gateway, node=name, center_keys=lambda: center.verifiers, sequencer=sequencer, reports=served,
        started_ms=now_ms,
    )  # fmt: skip
    return Node(settings, name, gateway, agent, log, state, served, index)


def _healthz(log: EvidenceLog, freshness: Freshness, served: Served, book: GrantBook) -> dict[str, Any]:
    return {
        "status": "ok" if freshness.fresh and not log.failed else "degraded",
        "center_confirmed": freshness.fresh,
        "log_writable": not log.failed,
        "log_size": log.size,
        "unreported": served.waiting,
        "grants": len(book.by_id),
    }
