"""Shares walked from the application to data at work, by the people of both departments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jutong.center.agreement import actions as agreements
from jutong.center.agreement.models import Agreement
from jutong.center.catalog.enums import FieldMode
from jutong.center.catalog.models import Entry, Item
from jutong.center.sharing import actions as sharing
from jutong.center.sharing.actions import Ask, Need
from jutong.center.sharing.models import Application, Grant
from jutong.center.sharing.need import WIDTH
from jutong.contracts.receipts import GrantReceipt
from jutong.demo.stage import Stage

LASTS = 240
"""Days a share is asked for."""
QUOTA = 3000
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Share:
    """Who asks for which items of what, by which law and for which work."""

    requester: str
    system: str
    provider: str
    entry: str
    title: str
    basis: str
    scenario: str
    items: tuple[str, ...] = ()
    """Names of the items asked for besides the key; empty for the first four."""


def need(stage: Stage, share: Share, entry: Entry) -> Need:
    """Return what the application of a share says."""
    assert entry.published is not None  # noqa: S101 - only published ones are asked for
    items = list(entry.published.items.all())
    asked = [*[item for item in items if item.is_key][:1], *_wanted(share, items)]
    return Need(
        title=share.title,
        basis=share.basis,
        scenario=share.scenario,
        scope=f"{stage.organisation(share.requester).name}经办窗口工作人员，覆盖全市",
        share_way="service",
        valid_until=stage.on(LASTS),
        daily_quota=QUOTA,
        system_id=stage.system(share.requester, share.system).id,
        is_true=True,
        is_lawful=True,
        is_necessary=True,
        items=tuple(Ask(item.id, _mode(item), share.scenario[:100]) for item in asked),
    )


def _wanted(share: Share, items: list[Item]) -> list[Item]:
    others = [item for item in items if not item.is_key]
    return [item for item in others if item.name in share.items] if share.items else others[:4]


def _mode(item: Item) -> str:
    return min(FieldMode(item.widest_mode), FieldMode.MASKED, key=lambda mode: WIDTH[mode])


def submitted(stage: Stage, share: Share, at: datetime) -> Application:
    """Return an application both people of the asking department have signed for."""
    worker = stage.requester(share.requester)
    entry = stage.entry(share.entry)
    drafted = sharing.draft(entry=entry, need=need(stage, share, entry), by=worker, now=at)
    return consented(stage, share, drafted, at)


def consented(stage: Stage, share: Share, drafted: Application, at: datetime) -> Application:
    """Send a draft to the own head, who agrees an hour later."""
    asked = sharing.request_consent(application=drafted, by=stage.requester(share.requester), now=at)
    head = stage.head(share.requester)
    return sharing.consent_request(application=asked, agreed=True, by=head, now=at + HOUR)


def refused(stage: Stage, share: Share, *, asked: int, text: str) -> Application:
    """Return an application the provider refused, three working days after it came."""
    application = submitted(stage, share, stage.ago(asked))
    at = stage.ago(asked - 3)
    prepared = sharing.prepare_reply(
        application=application, agreed=False, refusal="purpose", text=text, by=stage.steward(share.provider), now=at
    )
    return sharing.consent_reply(application=prepared, agreed=True, by=stage.head(share.provider), now=at + HOUR)


def agreed(stage: Stage, share: Share, *, asked: int) -> Grant:
    """Return the grant of an application the provider agreed to three working days after it came; nobody signed yet."""
    application = submitted(stage, share, stage.ago(asked))
    return replied(stage, share, application, stage.ago(asked - 3))


def replied(stage: Stage, share: Share, application: Application, at: datetime) -> Grant:
    """Agree to an application as the providing department."""
    prepared = sharing.prepare_reply(application=application, agreed=True, by=stage.steward(share.provider), now=at)
    head = stage.head(share.provider)
    done = sharing.consent_reply(application=prepared, agreed=True, by=head, now=at + HOUR)
    return Grant.objects.get(application=done)


def sent(stage: Stage, share: Share, grant: Grant, at: datetime) -> Agreement:
    """Send the agreement of a grant for signature."""
    drafted = Agreement.objects.get(grant=grant, state="drafted")
    return agreements.send(agreement=drafted, by=stage.steward(share.provider), now=at)


def sign(stage: Stage, share: Share, waiting: Agreement, at: datetime, *, provider: bool) -> Agreement:
    """Sign as the head of one side."""
    by = stage.head(share.provider if provider else share.requester)
    return agreements.sign(agreement=waiting, text_digest=waiting.digest, by=by, now=at)


def running(stage: Stage, share: Share, *, asked: int) -> Grant:
    """Return a share at work: agreed, signed by both and ready at the node within a week of asking."""
    return begun(stage, share, agreed(stage, share, asked=asked), asked - 4)


def begun(stage: Stage, share: Share, grant: Grant, days: int) -> Grant:
    """Sign on both sides, so many working days ago, and let the node say that it is ready."""
    waiting = sent(stage, share, grant, stage.ago(days))
    signed = sign(stage, share, waiting, stage.ago(days) + HOUR, provider=True)
    sign(stage, share, signed, stage.ago(days - 1), provider=False)
    body = GrantReceipt(grant_id=str(grant.id), state="ready")
    stage.receipt("grant", body, stage.ago(days - 1, minutes=2))
    return Grant.objects.get(id=grant.id)


def ended(stage: Stage, share: Share, grant: Grant, *, days: int, reason: str) -> Grant:
    """Give a share up as the asking department, confirmed by the node."""
    at = stage.ago(days)
    sharing.revoke_grant(grant=grant, reason=reason, by=stage.head(share.requester), now=at)
    stage.receipt("grant", GrantReceipt(grant_id=str(grant.id), state="revoked"), at + timedelta(minutes=1))
    return Grant.objects.get(id=grant.id)
