from django.apps import AppConfig


class DemandConfig(AppConfig):
    name = "jutong.center.demand"
    label = "demand"
