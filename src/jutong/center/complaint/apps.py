from django.apps import AppConfig


class ComplaintConfig(AppConfig):
    name = "jutong.center.complaint"
    label = "complaint"
