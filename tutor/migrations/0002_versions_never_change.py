"""A stored course version never changes: sessions and logs refer to it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION tutor_courseversion_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a course version never changes: publish a new one';
END $$;
CREATE TRIGGER tutor_courseversion_never_changes BEFORE UPDATE ON tutor_courseversion
FOR EACH ROW EXECUTE FUNCTION tutor_courseversion_never_changes();
"""
BACKWARD = """
DROP TRIGGER tutor_courseversion_never_changes ON tutor_courseversion;
DROP FUNCTION tutor_courseversion_never_changes();
"""


class Migration(migrations.Migration):
    dependencies = [("tutor", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
