import jutong.center.intake.models
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="proposal",
            name="fields",
            field=models.JSONField(default=dict, encoder=jutong.center.intake.models.PlainEncoder),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="findings",
            field=models.JSONField(blank=True, default=list, encoder=jutong.center.intake.models.PlainEncoder),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="fixes",
            field=models.JSONField(blank=True, default=dict, encoder=jutong.center.intake.models.PlainEncoder),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="items",
            field=models.JSONField(default=list, encoder=jutong.center.intake.models.PlainEncoder),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="left",
            field=models.JSONField(blank=True, default=dict, encoder=jutong.center.intake.models.PlainEncoder),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="origin",
            field=models.JSONField(blank=True, default=dict, encoder=jutong.center.intake.models.PlainEncoder),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="raw",
            field=models.JSONField(blank=True, default=dict, encoder=jutong.center.intake.models.PlainEncoder),
        ),
    ]
