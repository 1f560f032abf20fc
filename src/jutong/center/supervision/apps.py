from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "jutong.center.supervision"
    label = "supervision"
