from __future__ import annotations

from django.urls import path

from jutong.web.manage import binding, changes, entries, life, review, sources, steps, worklist, writing

urlpatterns = [
    path("manage/entries", entries.listing),
    path("manage/check", writing.check),
    path("manage/entries/new", writing.create),
    path("manage/entries/<path:code>/edit", writing.edit),
    path("manage/entries/<path:code>/edit/<slug:at>", writing.edit),
    path("manage/entries/<path:code>/assess", steps.assess),
    path("manage/entries/<path:code>/submit", steps.submit),
    path("manage/entries/<path:code>/recall", steps.recall),
    path("manage/entries/<path:code>/change", steps.change),
    path("manage/entries/<path:code>/discard", life.discard),
    path("manage/entries/<path:code>/remove", life.remove),
    path("manage/entries/<path:code>/file", life.file_end),
    path("manage/entries/<path:code>/extension", life.ask_extension),
    path("manage/entries/<path:code>/bind", binding.bind),
    path("manage/entries/<path:code>/unbind", binding.unbind),
    path("manage/entries/<path:code>/accept-rows", binding.accept),
    path("manage/entries/<path:code>/move", steps.move),
    path("manage/entries/<path:code>", entries.detail),
    path("manage/binding-rates", binding.rates),
    path("manage/sources", sources.listing),
    path("manage/sources/<str:name>/inventory", sources.inventory),
    path("manage/work", worklist.first),
    path("manage/work/<str:name>", worklist.own),
    path("manage/batches", worklist.batches),
    path("manage/batches/<uuid:run_id>", worklist.batch),
    path("review", worklist.review),
    path("review/<uuid:version_id>", review.detail),
    path("review/<uuid:version_id>/decide", review.decide),
    path("review/<uuid:version_id>/consent", review.consent),
    path("extensions/<uuid:extension_id>", life.extension),
    path("filings/<uuid:filing_id>", life.filing),
    path("changes", changes.listing),
    path("changes/new", changes.create),
    path("changes/<uuid:event_id>", changes.detail),
]
