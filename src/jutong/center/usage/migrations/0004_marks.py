from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """An answer's marks are kept with the call."""

    dependencies = [("usage", "0003_answer_times")]

    operations = [
        migrations.AddField(model_name="access", name="marks", field=models.JSONField(default=list)),
    ]
