from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "jutong.center.audit"
    label = "audit"
