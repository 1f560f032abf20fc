from django.apps import AppConfig


class AgreementConfig(AppConfig):
    name = "jutong.center.agreement"
    label = "agreement"
