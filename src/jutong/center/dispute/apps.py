from django.apps import AppConfig


class DisputeConfig(AppConfig):
    name = "jutong.center.dispute"
    label = "dispute"
