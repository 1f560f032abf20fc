from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """A signature may be put in a head's place; conditions on rows are a duty."""

    dependencies = [
        ("agreement", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="signature",
            name="on_behalf_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="obligation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("availability", "服务可用率"),
                    ("response", "答复时间"),
                    ("freshness", "数据时效"),
                    ("quality", "数据质量"),
                    ("correction", "校核反馈"),
                    ("rows", "行条件"),
                    ("quota", "调用上限"),
                    ("scope", "用途和信息项"),
                    ("third-party", "不给第三方"),
                    ("disposal", "处置数据"),
                ],
                max_length=16,
            ),
        ),
    ]
