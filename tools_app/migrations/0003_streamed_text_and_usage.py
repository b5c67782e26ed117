import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sessions_app", "0006_sessions_of_a_name"),
        ("tools_app", "0002_fair_order_and_drains"),
    ]

    operations = [
        migrations.AddField(
            model_name="toolcall",
            name="output_from",
            field=models.SmallIntegerField(db_default=0),
        ),
        migrations.CreateModel(
            name="SessionUsage",
            fields=[
                (
                    "session",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="usage",
                        serialize=False,
                        to="sessions_app.session",
                    ),
                ),
                ("input_tokens", models.BigIntegerField(default=0)),
                ("output_tokens", models.BigIntegerField(default=0)),
                ("requests", models.BigIntegerField(default=0)),
            ],
        ),
    ]
