from __future__ import annotations

from django.db import migrations

STANDS = """CREATE FUNCTION remedy_stands() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is written once', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$;
    CREATE TRIGGER remedy_certificate_stands BEFORE UPDATE OR DELETE ON remedy_certificate
    FOR EACH ROW EXECUTE FUNCTION remedy_stands();"""
UNDO = """DROP TRIGGER remedy_certificate_stands ON remedy_certificate;
    DROP FUNCTION remedy_stands();"""


class Migration(migrations.Migration):
    """Hand-made: a certificate says for good what was reported; nobody with the platform's own rights changes it."""

    dependencies = [("remedy", "0001_initial")]

    operations = [migrations.RunSQL(sql=STANDS, reverse_sql=UNDO)]
