from django.apps import AppConfig


class OwnershipConfig(AppConfig):
    name = "jutong.center.ownership"
    label = "ownership"
