from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "jutong.center.notify"
    label = "notify"
