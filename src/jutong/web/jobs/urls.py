from __future__ import annotations

from django.urls import path

from jutong.web.jobs import views

urlpatterns = [path("jobs", views.listing)]
