from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sessions_app", "0008_statistics_of_courses"),
    ]

    operations = [
        migrations.AlterField(
            model_name="session",
            name="on_busy",
            field=models.CharField(
                choices=[
                    ("reject", "Reject"),
                    ("queue", "Queue"),
                    ("interrupt", "Interrupt"),
                    ("merge", "Merge"),
                    ("rollback", "Rollback"),
                ],
                default="reject",
                max_length=10,
            ),
        ),
    ]
