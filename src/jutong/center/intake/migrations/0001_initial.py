import django.db.models.deletion
import jutong.kernel.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0002_describe_more"),
        ("fleet", "0001_initial"),
        ("org", "0002_cache_table"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=jutong.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("file", "文件导入"), ("harvest", "外部目录采集"), ("introspection", "数据库盘点")],
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("digest", models.CharField(blank=True, default="", max_length=64)),
                ("size", models.BigIntegerField(default=0)),
                ("format", models.CharField(blank=True, default="", max_length=16)),
                ("template", models.CharField(blank=True, default="", max_length=64)),
                ("mapping", models.JSONField(blank=True, default=dict)),
                ("defaults", models.JSONField(blank=True, default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "等待确认表头"),
                            ("checking", "正在核对"),
                            ("ready", "已核对"),
                            ("drafting", "正在生成草稿"),
                            ("drafted", "已生成草稿"),
                            ("failed", "没有读完"),
                            ("cancelled", "已取消"),
                        ],
                        db_index=True,
                        default="received",
                        max_length=16,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("counts", models.JSONField(blank=True, default=dict)),
                ("problem", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to="org.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=jutong.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("provider", models.CharField(blank=True, default="", max_length=256)),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("name", models.CharField(blank=True, default="", max_length=256)),
                ("fields", models.JSONField(default=dict)),
                ("items", models.JSONField(default=list)),
                ("raw", models.JSONField(blank=True, default=dict)),
                ("fixes", models.JSONField(blank=True, default=dict)),
                ("origin", models.JSONField(blank=True, default=dict)),
                ("findings", models.JSONField(blank=True, default=list)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("error", "要改"),
                            ("new", "新增"),
                            ("changed", "修改"),
                            ("same", "没有变化"),
                            ("drafted", "已生成草稿"),
                            ("dismissed", "不要了"),
                        ],
                        db_index=True,
                        max_length=16,
                    ),
                ),
                ("warned", models.BooleanField(default=False)),
                ("left", models.JSONField(blank=True, default=dict)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="proposals", to="intake.batch"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="proposals",
                        to="catalog.entry",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to="org.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ("batch", "line"),
                "indexes": [models.Index(fields=["batch", "outcome", "line"], name="proposal_groups")],
                "constraints": [models.UniqueConstraint(fields=("batch", "line"), name="proposal_line_once")],
            },
        ),
        migrations.CreateModel(
            name="SourceProfile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=jutong.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("schema_name", models.CharField(blank=True, default="", max_length=63)),
                ("table", models.CharField(max_length=128)),
                ("ordered_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(blank=True, null=True)),
                ("ok", models.BooleanField(default=False)),
                ("problem", models.CharField(blank=True, default="", max_length=500)),
                ("sampled", models.PositiveIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=-1)),
                ("columns", models.JSONField(blank=True, default=list)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="profiles", to="fleet.source"
                    ),
                ),
            ],
            options={
                "ordering": ("source", "schema_name", "table"),
                "constraints": [
                    models.UniqueConstraint(fields=("source", "schema_name", "table"), name="source_profile_once")
                ],
            },
        ),
    ]
