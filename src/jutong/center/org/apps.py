from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "jutong.center.org"
    label = "org"
