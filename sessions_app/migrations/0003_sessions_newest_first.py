"""Sessions can be listed newest first without reading all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0002_log_rules")]
    operations = [
        migrations.AddIndex("session", models.Index(fields=["-created_at"], name="sessions_newest_first")),
    ]
