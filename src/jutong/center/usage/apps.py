from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "jutong.center.usage"
    label = "usage"
