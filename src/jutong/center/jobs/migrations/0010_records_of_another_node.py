from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0009_runs_on_arrival"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="pulled",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
