from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0007_lineage_trials_and_periods"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="files",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
