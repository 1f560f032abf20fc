from __future__ import annotations

from django.urls import path

from jutong.web.jobs import checks, live, quarantine, transfers, trials, views, wizard

urlpatterns = [
    path("jobs", views.listing),
    path("jobs/checks", checks.listing),
    path("jobs/<uuid:job_id>", live.detail),
    path("jobs/<uuid:job_id>/progress", live.progress),
    path("jobs/<uuid:job_id>/control", live.control),
    path("jobs/<uuid:job_id>/quarantine", quarantine.quarantine),
    path("transfers", transfers.listing),
    path("transfers/new", wizard.begin),
    path("transfers/<uuid:transfer_id>", transfers.detail),
    path("transfers/<uuid:transfer_id>/run", transfers.run),
    path("transfers/<uuid:transfer_id>/trial", trials.trial),
    path("transfers/<uuid:transfer_id>/backfill", trials.backfill),
    path("transfers/<uuid:transfer_id>/switch", transfers.switch),
    path("transfers/<uuid:transfer_id>/discard", transfers.discard),
    path("transfers/<uuid:transfer_id>/edit/<slug:at>", wizard.edit),
]
