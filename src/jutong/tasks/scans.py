"""What the platform does by itself, each a plain function of the time. All may run twice without harm.

Due times are rows; a scan that was missed, or killed half-way, is made up by the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

from jutong.center.agreement import actions as agreements
from jutong.center.care import keeping
from jutong.center.catalog import actions as catalog
from jutong.center.catalog.actions import unbound, watching
from jutong.center.catalog.enums import RunState
from jutong.center.catalog.index import writer as index
from jutong.center.catalog.index.faults import IndexBrokenError
from jutong.center.catalog.life import BatchRun
from jutong.center.clocks import actions as clocks
from jutong.center.clocks import escalation
from jutong.center.complaint import actions as complaints
from jutong.center.fleet import actions as fleet
from jutong.center.intake import actions as intake
from jutong.center.jobs import actions as jobs
from jutong.center.jobs import arrivals, lineage_sending, runs
from jutong.center.norms import actions as norms
from jutong.center.notify import digest, sending
from jutong.center.org.actor import platform_actor
from jutong.center.ownership import holdings
from jutong.center.process.moments import Moment, tell
from jutong.center.remedy import actions as remedy
from jutong.center.sharing import actions as sharing
from jutong.center.supervision import actions as supervision
from jutong.center.supervision import watch

logger = logging.getLogger(__name__)
RECEIPTS_KEPT = timedelta(days=7)
"""How long a node's health reports stay; receipts that prove something stay for good."""


def scan_breaches(now: datetime) -> int:
    """Mark the clocks that ran out and write down the violations, in one transaction. Returns how many clocks.

    Nothing else follows from a breach: silence is never consent.
    """
    by = platform_actor("breach scan")
    total = 0
    while True:
        with transaction.atomic():
            breaches = clocks.scan_breaches(by=by, now=now)
            supervision.record_breaches(breaches=breaches, by=by, now=now)
            for clock in breaches:
                tell(Moment.CLOCK_BREACHED, clock, by=by, now=now)
        total += len(breaches)
        if not breaches:
            return total


def escalate(now: datetime) -> int:
    """Take the rungs of the ladder that are due for clocks nobody answers. Returns how many."""
    by, total = platform_actor("escalation"), 0
    while taken := escalation.escalate(by=by, now=now):
        total += taken
    return total


def offer_violations(now: datetime) -> int:
    """Hand violations that nobody could judge when they were found to whoever can now. Returns how many."""
    return watch.catch_up(now)


def find_violations(now: datetime) -> int:
    """Run every rule that finds violations by looking. Returns how many are new."""
    return watch.look(now)


def care_for_library(now: datetime) -> int:
    """Order the nightly care of every table of the library that has rows. Returns how many."""
    return keeping.care_for_all(now)


def expire_grants(now: datetime) -> int:
    """End the grants whose time is over. Returns how many."""
    return sharing.expire_grants(now=now)


def prove_disposals(now: datetime) -> int:
    """Close the disposals whose grant stayed silent after its end, and start periods that waited for a calendar."""
    remedy.start_missing_clocks(now=now)
    return remedy.prove_disposals(now=now)


def keep_ledgers(now: datetime) -> int:
    """Ask for what the usage ledgers of the last quarter still lack. Returns how many were asked."""
    return remedy.keep_ledgers(now=now)


def measure_agreements(now: datetime) -> int:
    """Measure how agreements are kept. Returns how many days of agreements became final."""
    return agreements.measure(now=now)


def issue_waiting_grants(now: datetime) -> int:
    """Order the grants whose entry has been bound since. Returns how many."""
    return sharing.issue_waiting(now=now)


def count_uses(now: datetime) -> int:
    """Write on entries how many of their grants are in use. Returns how many changed."""
    return sharing.count_uses()


def alert_holders(now: datetime) -> int:
    """Tell holders of grants that a day's quota is nearly used or that the end is near. Returns how many."""
    return sharing.alert_holders(now=now)


def ask_idle_grants(now: datetime) -> int:
    """Ask about grants nobody called for thirty days. Returns how many."""
    return sharing.ask_idle(now=now)


def watch_bindings(now: datetime) -> int:
    """Order the nodes whose list of watched bindings has changed to watch what is bound now. Returns how many."""
    return watching.watch_nodes(now=now)


def flag_unbound(now: datetime) -> int:
    """Tell departments of entries that stand published with nothing behind them (VC-12). Returns how many."""
    return unbound.flag_unbound(now=now)


def follow_holdings(now: datetime) -> int:
    """Bring up to the change feed who holds what, and ask authorities about new overlaps. Returns how many changes."""
    return holdings.follow(now)


def reread_holdings(now: datetime) -> int:
    """Make the holdings anew where words or data elements changed what is the same. Returns how many entries."""
    return holdings.reread(now)


def mark_unknown_jobs(now: datetime) -> int:
    """Say of silent jobs that their state is not known. Returns how many."""
    return jobs.mark_unknown(by=platform_actor("job watch"), now=now)


def run_transfers(now: datetime) -> int:
    """Order the runs of saved transfers whose turn has come, and looks for files that others wait for.

    Returns how many runs.
    """
    by = platform_actor("schedule")
    arrivals.order_everywhere(by=by, now=now)
    return runs.run_due(by=by, now=now)


def tell_late_transfers(now: datetime) -> int:
    """Tell departments whose moved data is older than promised. Returns how many transfers."""
    return runs.tell_late(by=platform_actor("schedule"), now=now)


def carry_on_batches(now: datetime) -> int:
    """Go on with batches of catalog steps that nobody works on. Returns how many chunks were taken."""
    count = 0
    left = BatchRun.objects.exclude(state=RunState.DONE).order_by("created_at").values_list("id", flat=True)
    for run_id in list(left):
        more = True
        while more:
            more = catalog.carry_on(run_id=run_id, now=now)
            count += 1
    return count


def close_inquiries(now: datetime) -> int:
    """Erase who asked in inquiries whose time is over. Returns how many."""
    return complaints.close_over(now=now)


def disclose_uses(now: datetime) -> int:
    """Show people the uses whose legal basis of secrecy has ended. Returns how many bases."""
    return complaints.disclose_over(now=now)


def make_digests(now: datetime) -> int:
    """Write the digests of the day and the week that are due. Returns how many messages."""
    return digest.make_due(by=platform_actor("digest"), now=now)


def send_messages(clock: Callable[[], datetime], going: Callable[[], bool]) -> int:
    """Send what lies in the outbox while ``going``; each message takes its own time. Returns how many were tried."""
    return sending.send_due(clock=clock, by=platform_actor("outbox"), going=going)


def send_lineage(clock: Callable[[], datetime], going: Callable[[], bool]) -> int:
    """Push lineage events that are due while ``going``. Returns how many the endpoint took."""
    return lineage_sending.send_due(clock=clock, by=platform_actor("lineage"), going=going)


def clean_up(now: datetime) -> int:
    """Drop ended sessions, old imported files, messages and health reports. Returns how many reports."""
    SessionStore.clear_expired()
    intake.prune(by=platform_actor("clean-up"), now=now)
    sending.forget_old(by=platform_actor("clean-up"), now=now)
    lineage_sending.forget_old(now)
    return fleet.prune_health(before=now - RECEIPTS_KEPT, by=platform_actor("clean-up"), now=now)


def follow_index(now: datetime) -> int:
    """Bring the search index up to the change feed, or make it where there is none. Returns how many changes."""
    return index.follow(now)


def reconcile_index(now: datetime) -> int:
    """Compare the search index with the registry and put right what differs. Returns how many entries differed."""
    try:
        return index.reconcile(now).drift
    except IndexBrokenError as error:
        logger.error("search index could not be compared: %s", error)  # noqa: TRY400 - the sentence says it all
        return 0


def rate_new_entries(now: datetime) -> int:
    """Run the norms over published entries that have no score yet. Returns how many."""
    by, total = platform_actor("norms"), 0
    while rated := norms.rate_new(by=by, now=now):
        total += rated
    return total


def run_norms(now: datetime) -> int:
    """Run the norms over every department's entries. Returns how many departments."""
    return norms.run_all(by=platform_actor("norms"), now=now)


def tell_saved_searches(now: datetime) -> int:
    """Tell departments what is new for the searches they keep. Returns how many notices."""
    return catalog.tell_of_new(by=platform_actor("saved searches"), now=now)
