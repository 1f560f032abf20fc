from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jutong.center.jobs"
    label = "jobs"
