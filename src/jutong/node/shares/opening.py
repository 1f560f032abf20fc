"""Opens the sharing face at a gateway: the protocol, and the page where profiles are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from jutong.contracts.shares import ShareTicketOrder
from jutong.kernel.keys import Ed25519Verifier
from jutong.node.gateway.app import Gateway
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.gateway.visits import Visits
from jutong.node.gateway.work import WorkDoor
from jutong.node.masking import Pseudonyms
from jutong.node.shares.addresses import BASE, Addresses
from jutong.node.shares.desk import PATH, ShareDesk
from jutong.node.shares.door import SharingDoor
from jutong.node.shares.offers import Offers
from jutong.node.shares.profiles import FILE, Profiles
from jutong.node.shares.views import FOLDER, Views


def open_sharing(
    home: Path,
    gateway: Gateway,
    *,
    node: str,
    secret: bytes,
    base: str,
    center_keys: Callable[[], Mapping[str, Ed25519Verifier]],
    sequencer: Appends,
    reports: Reports,
    started_ms: int,
) -> SharingDoor:
    """Open it.

    Args:
        home: the instance's data folder.
        gateway: gets the addresses.
        node: the node's name, which tickets are made out to.
        secret: the node's own secret.
        base: the gateway's public address, without a trailing slash.
        center_keys: the center's public key by id.
        sequencer: appends to the log.
        reports: told that a leaf is no call.
        started_ms: when the node started.
    """
    profiles = Profiles(home.joinpath(*FILE))
    addresses = Addresses(secret, base)
    views = Views(home.joinpath(*FOLDER), Pseudonyms(secret))
    offers = Offers(gateway.serving.book, gateway.serving.sources.configs, home)
    door = SharingDoor(
        gateway.serving,
        offers,
        profiles,
        views,
        addresses,
        nonces=gateway.nonces,
        enter=gateway.enter,
        clock=gateway.now,
    )
    gateway.below[BASE + "/"] = door.page
    visits = Visits(
        node, "share-ticket", ShareTicketOrder,
        nonces=gateway.nonces, center_keys=center_keys, started_ms=started_ms,
    )  # fmt: skip
    desk = ShareDesk(profiles, door.offers, addresses.endpoint, sequencer, reports, gateway.now)
    gateway.pages["POST", PATH] = WorkDoor(PATH, visits, desk.opened, desk.act, gateway.now)
    return door
