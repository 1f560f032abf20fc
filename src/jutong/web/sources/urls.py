from __future__ import annotations

from django.urls import path

from jutong.web.sources import connecting

urlpatterns = [
    path("manage/sources/connect", connecting.connect),
    path("manage/sources/<str:name>/password", connecting.password),
]
