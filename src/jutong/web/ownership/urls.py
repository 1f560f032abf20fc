from __future__ import annotations

from django.urls import path

from jutong.web.ownership import inventories, plans, sources, systems

urlpatterns = [
    path("ownership", sources.listing),
    path("ownership/<uuid:subject_id>", sources.detail),
    path("ownership/<uuid:subject_id>/propose", sources.propose),
    path("ownership/<uuid:subject_id>/position", sources.position),
    path("ownership/<uuid:subject_id>/designate", sources.designate),
    path("ownership/<uuid:subject_id>/revoke", sources.revoke),
    path("ownership/repeated", plans.repeated),
    path("ownership/plans", plans.listing),
    path("ownership/plans/new", plans.create),
    path("ownership/plans/<uuid:plan_id>", plans.detail),
    path("ownership/plans/<uuid:plan_id>/edit", plans.edit),
    path("ownership/plans/<uuid:plan_id>/check", plans.check),
    path("ownership/plans/<uuid:plan_id>/resolve", plans.resolve),
    path("ownership/plans/<uuid:plan_id>/submit", plans.submit),
    path("ownership/plans/<uuid:plan_id>/recall", plans.recall),
    path("ownership/plans/<uuid:plan_id>/decide", plans.decide),
    path("inventories/systems", systems.listing),
    path("inventories/systems/<uuid:system_id>", systems.detail),
    path("inventories/duties", inventories.duties),
    path("inventories/withheld", inventories.withheld),
    path("inventories/withheld/<path:code>/review", inventories.review),
]
