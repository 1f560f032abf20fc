from __future__ import annotations

from django.db import migrations

STANDS = """
    CREATE FUNCTION remedy_stands() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is written once', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$;
    CREATE TRIGGER remedy_certificate_stands BEFORE UPDATE OR DELETE ON remedy_certificate
    FOR EACH ROW EXECUTE FUNCTION remedy_stands();
    CREATE TRIGGER remedy_inspection_stands BEFORE UPDATE OR DELETE ON remedy_ledgerinspection
    FOR EACH ROW EXECUTE FUNCTION remedy_stands();
    CREATE FUNCTION remedy_ledger_stands() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.keep_until < current_date THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'the usage ledger is only added to, and kept until %', OLD.keep_until
            USING ERRCODE = 'insufficient_privilege';
    END $$;
    CREATE TRIGGER remedy_ledger_stands BEFORE UPDATE OR DELETE ON remedy_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION remedy_ledger_stands();"""
UNDO = """
    DROP TRIGGER remedy_ledger_stands ON remedy_ledgerentry;
    DROP FUNCTION remedy_ledger_stands();
    DROP TRIGGER remedy_inspection_stands ON remedy_ledgerinspection;
    DROP TRIGGER remedy_certificate_stands ON remedy_certificate;
    DROP FUNCTION remedy_stands();"""


class Migration(migrations.Migration):
    """Hand-made: certificates and inspections say for good what was found; the ledger is kept for three years."""

    dependencies = [("remedy", "0001_initial")]

    operations = [migrations.RunSQL(sql=STANDS, reverse_sql=UNDO)]
