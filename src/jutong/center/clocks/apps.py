from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "jutong.center.clocks"
    label = "clocks"
