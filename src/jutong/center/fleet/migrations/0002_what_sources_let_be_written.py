from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="source",
            name="writes",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
