from __future__ import annotations

from django.urls import path

from jutong.web.usage import views

urlpatterns = [
    path("audit", views.listing),
    path("audit/<str:record_id>", views.detail),
]
