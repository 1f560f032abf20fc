from __future__ import annotations

from django.urls import path

from jutong.web.admin import calendar, nodes, organisations, trail, users

urlpatterns = [
    path("orgs", organisations.listing),
    path("orgs/<str:code>", organisations.detail),
    path("orgs/<str:code>/systems", organisations.add_system),
    path("systems/<uuid:system_id>/keys", organisations.add_key),
    path("systems/<uuid:system_id>/close", organisations.close_system),
    path("systems/<uuid:system_id>/keys/<uuid:key_id>/revoke", organisations.revoke_key),
    path("users", users.listing),
    path("users/<str:username>", users.detail),
    path("users/<str:username>/posts", users.appoint),
    path("users/<str:username>/lock", users.lock),
    path("users/<str:username>/password", users.reset),
    path("posts/<uuid:post_id>/end", users.end_post),
    path("calendar", calendar.years),
    path("calendar/day", calendar.override),
    path("nodes", nodes.listing),
    path("audit", trail.listing),
]
