from __future__ import annotations

from django.urls import path

from jutong.web.notify import channels, me

urlpatterns = [
    path("me/notifications", me.show),
    path("me/notifications/<uuid:channel_id>", me.address),
    path("admin/channels", channels.listing),
    path("admin/channels/new", channels.new),
    path("admin/channels/hosts", channels.allow),
    path("admin/channels/hosts/<int:host_id>/forbid", channels.forbid),
    path("admin/channels/undelivered", channels.undelivered),
    path("admin/channels/undelivered/again", channels.all_again),
    path("admin/channels/undelivered/<uuid:delivery_id>/again", channels.again),
    path("admin/channels/<uuid:channel_id>", channels.detail),
    path("admin/channels/<uuid:channel_id>/switch", channels.switch),
    path("admin/channels/<uuid:channel_id>/test", channels.test),
]
