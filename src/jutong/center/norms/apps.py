from django.apps import AppConfig


class NormsConfig(AppConfig):
    name = "jutong.center.norms"
    label = "norms"
