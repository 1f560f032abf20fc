from django.apps import AppConfig


class RemedyConfig(AppConfig):
    name = "jutong.center.remedy"
    label = "remedy"
