"""Meetings and their attendees."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def _integer(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "meetings",
        *_text("id", "account_id", "region", "external_meeting_id", "media_region", "host_id"),
        *_text("primary_meeting_id", "tenant_ids", "features", "notifications", "transcription"),
        *_integer("create_time", "end_time", "most_attendees", "attendees", "attendees_made"),
        *_text("tags"),
        sa.PrimaryKeyConstraint("id", name="pk_meetings"),
    )
    op.create_index("ix_meetings_end", "meetings", ["end_time", "create_time", "id"])
    op.create_index("ix_meetings_primary", "meetings", ["primary_meeting_id", "end_time"])
    op.create_table(
        "meeting_attendees",
        *_text("meeting_id", "attendee_id", "external_user_id"),
        *_integer("position"),
        *_text("audio", "video", "content"),
        sa.PrimaryKeyConstraint("meeting_id", "attendee_id", name="pk_meeting_attendees"),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meetings.id"],
            name="fk_meeting_attendees_meeting_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_meeting_attendees_user",
        "meeting_attendees",
        ["meeting_id", "external_user_id"],
        unique=True,
    )
    op.create_index(
        "ix_meeting_attendees_position", "meeting_attendees", ["meeting_id", "position"]
    )
