from django.db import migrations

FORWARD = """
CREATE FUNCTION jutong_demand_answers_stay() RETURNS trigger LANGUAGE plpgsql AS $stay$
BEGIN
    RAISE EXCEPTION 'what a holder was asked and answered is not changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'demand_answers_stay';
END
$stay$;
CREATE TRIGGER demand_answers_stay BEFORE UPDATE ON demand_assignment
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION jutong_demand_answers_stay();
CREATE TRIGGER demand_answers_kept BEFORE DELETE ON demand_assignment
    FOR EACH ROW EXECUTE FUNCTION jutong_demand_answers_stay();
"""
BACKWARD = """
DROP TRIGGER demand_answers_kept ON demand_assignment;
DROP TRIGGER demand_answers_stay ON demand_assignment;
DROP FUNCTION jutong_demand_answers_stay();
"""


class Migration(migrations.Migration):
    dependencies = (("demand", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
