from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "jutong.tasks"
    label = "tasks"
