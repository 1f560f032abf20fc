from django.apps import AppConfig


class CorrectionConfig(AppConfig):
    name = "jutong.center.correction"
    label = "correction"
