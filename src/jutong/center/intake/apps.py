from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "jutong.center.intake"
    label = "intake"
