from __future__ import annotations

from django.urls import path

from jutong.web.desk import inbox, workbench

urlpatterns = [
    path("", workbench.show),
    path("inbox", inbox.listing),
    path("notices", workbench.notices),
    path("post", workbench.change_post),
]
