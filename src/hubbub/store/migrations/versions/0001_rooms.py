"""Access keys, rooms and their logging."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def upgrade() -> None:
    op.create_table(
        "keyring",
        _text("wrap"),
        _text("data_key_id"),
        _bytes("salt"),
        _bytes("sealed"),
        _bytes("witness"),
        _integer("create_time"),
        sa.PrimaryKeyConstraint("wrap", name="pk_keyring"),
    )
    op.create_table(
        "access_keys",
        _text("access_key_id"),
        _text("account_id"),
        _bytes("sealed_secret"),
        _integer("create_time"),
        sa.PrimaryKeyConstraint("access_key_id", name="pk_access_keys"),
    )
    op.create_index("ix_access_keys_account", "access_keys", ["account_id", "create_time"])
    op.create_table(
        "quota_counts",
        _text("account_id"),
        _text("region"),
        _text("kind"),
        _integer("count"),
        sa.PrimaryKeyConstraint("account_id", "region", "kind", name="pk_quota_counts"),
    )
    op.create_table(
        "rooms",
        _text("arn"),
        _text("account_id"),
        _text("region"),
        _text("id"),
        _text("name"),
        _integer("create_time"),
        _integer("update_time"),
        _integer("maximum_message_length"),
        _integer("maximum_message_rate"),
        _text("handler_uri"),
        _text("fallback_result"),
        _text("logging_configurations"),
        _text("tags"),
        sa.PrimaryKeyConstraint("arn", name="pk_rooms"),
    )
    newest_first: list[str | sa.TextClause] = [sa.text("update_time DESC"), "arn"]
    for name, columns in (
        ("ix_rooms_updated", ()),
        ("ix_rooms_name", ("name",)),
        ("ix_rooms_handler", ("handler_uri",)),
    ):
        op.create_index(name, "rooms", ["account_id", "region", *columns, *newest_first])
    op.create_table(
        "logging_configurations",
        _text("arn"),
        _text("account_id"),
        _text("region"),
        _text("id"),
        _text("name"),
        _integer("create_time"),
        _integer("update_time"),
        _text("destination"),
        _text("state"),
        _text("tags"),
        sa.PrimaryKeyConstraint("arn", name="pk_logging_configurations"),
    )
    op.create_index(
        "ix_logging_configurations_updated",
        "logging_configurations",
        ["account_id", "region", *newest_first],
    )
    op.create_table(
        "room_logging",
        _text("room_arn"),
        _integer("position"),
        _text("logging_configuration_arn"),
        sa.PrimaryKeyConstraint("room_arn", "position", name="pk_room_logging"),
        sa.ForeignKeyConstraint(
            ["room_arn"], ["rooms.arn"], name="fk_room_logging_room_arn", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["logging_configuration_arn"],
            ["logging_configurations.arn"],
            name="fk_room_logging_logging_configuration_arn",
        ),
    )
    op.create_index(
        "ix_room_logging_configuration",
        "room_logging",
        ["logging_configuration_arn", "room_arn"],
    )
