from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "jutong.api"
    label = "api"
