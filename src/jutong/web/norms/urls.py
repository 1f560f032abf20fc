from __future__ import annotations

from django.urls import path

from jutong.web.norms import codes, conformance, elements, grading, proposals, rules

urlpatterns = [
    path("norms", rules.documents),
    path("norms/rules", rules.listing),
    path("norms/elements", elements.listing),
    path("norms/elements/new", proposals.create),
    path("norms/elements/waiting", elements.waiting),
    path("norms/elements/<str:code>", elements.detail),
    path("norms/elements/<str:code>/propose", proposals.change),
    path("norms/elements/<str:code>/retire", proposals.retire),
    path("norms/versions/<uuid:version_id>/edit", proposals.edit),
    path("norms/versions/<uuid:version_id>/step", proposals.take_step),
    path("norms/versions/<uuid:version_id>/decide", proposals.decide),
    path("norms/codes", codes.listing),
    path("norms/codes/load", codes.load),
    path("norms/codes/<str:key>", codes.detail),
    path("norms/codes/<str:key>/map", codes.mapping),
    path("norms/codes/<str:key>/settle", codes.settle),
    path("norms/conformance", conformance.listing),
    path("norms/conformance/organisations/<str:code>", conformance.organisation),
    path("norms/conformance/organisations/<str:code>/run", conformance.run_organisation),
    path("norms/conformance/entries/<path:code>/run", conformance.run_entry),
    path("norms/conformance/tables/run", conformance.run_table),
    path("norms/conformance/runs/<uuid:run_id>", conformance.detail),
    path("norms/grading", grading.guide),
]
