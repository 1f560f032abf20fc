from django.db import migrations


class Migration(migrations.Migration):
    """The table behind Django's database cache: sign-in rate limits must hold across processes."""

    dependencies = [("org", "0001_initial")]
    operations = [
        migrations.RunSQL(
            sql="""CREATE TABLE jutong_cache (
                cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
                CREATE INDEX jutong_cache_expires ON jutong_cache (expires);""",
            reverse_sql="DROP TABLE jutong_cache",
        )
    ]
