from django.apps import AppConfig


class FleetConfig(AppConfig):
    name = "jutong.center.fleet"
    label = "fleet"
