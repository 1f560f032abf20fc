from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "jutong.center.sharing"
    label = "sharing"
