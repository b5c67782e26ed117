"""The database's own part: the log is append-only, and a write checks its compare-and-sets before its COMMIT."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION tutor_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.payload IS NULL AND NEW.salt IS NULL
       AND (OLD.session_id, OLD.seq, OLD.kind, OLD.version, OLD.at, OLD.visibility, OLD.prev_hash, OLD.hash,
            OLD.commitment)
         = (NEW.session_id, NEW.seq, NEW.kind, NEW.version, NEW.at, NEW.visibility, NEW.prev_hash, NEW.hash,
            NEW.commitment)
       AND OLD.turn IS NOT DISTINCT FROM NEW.turn AND OLD.cause IS NOT DISTINCT FROM NEW.cause
    THEN
        RETURN NEW;  -- erasure: the text goes, the proof stays
    END IF;
    RAISE EXCEPTION 'the interaction log is append-only: % refused', TG_OP
          USING HINT = 'Append a new interaction instead; only erasure may clear payload and salt.';
END $$;
CREATE TRIGGER interaction_append_only BEFORE UPDATE OR DELETE ON sessions_app_interaction
   FOR EACH ROW EXECUTE FUNCTION tutor_append_only();
CREATE TRIGGER interaction_no_truncate BEFORE TRUNCATE ON sessions_app_interaction
   FOR EACH STATEMENT EXECUTE FUNCTION tutor_append_only();
"""

EXPECT = """
CREATE FUNCTION tutor_expect(written bigint, wanted bigint, statement text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF written <> wanted THEN
        RAISE EXCEPTION '% wrote % of % rows', statement, written, wanted USING ERRCODE = 'TU001';
    END IF;
END $$;
"""

# A session row is rewritten at every event: room on its page keeps the update there (HOT).
STORAGE = "ALTER TABLE sessions_app_session SET (fillfactor = 60);"


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0001_initial")]
    operations = [
        migrations.RunSQL(
            APPEND_ONLY,
            """DROP TRIGGER interaction_no_truncate ON sessions_app_interaction;
               DROP TRIGGER interaction_append_only ON sessions_app_interaction;
               DROP FUNCTION tutor_append_only();""",
        ),
        migrations.RunSQL(EXPECT, "DROP FUNCTION tutor_expect(bigint, bigint, text);"),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
