from django.db import migrations

TABLES = ("statement", "evidence", "proposal", "response", "decision")
FORWARD = """
CREATE FUNCTION jutong_dispute_said_stays() RETURNS trigger LANGUAGE plpgsql AS $stay$
BEGIN
    RAISE EXCEPTION 'what was said in a dispute is not changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'dispute_said_stays';
END
$stay$;
""" + "\n".join(
    f"CREATE TRIGGER dispute_said_stays BEFORE UPDATE OR DELETE ON dispute_{table} "
    "FOR EACH ROW EXECUTE FUNCTION jutong_dispute_said_stays();"
    for table in TABLES
)
BACKWARD = (
    "\n".join(f"DROP TRIGGER dispute_said_stays ON dispute_{table};" for table in TABLES)
    + "\nDROP FUNCTION jutong_dispute_said_stays();"
)


class Migration(migrations.Migration):
    dependencies = (("dispute", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
