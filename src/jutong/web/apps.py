from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "jutong.web"
    label = "web"
