"""The tables, one schema for SQLite and PostgreSQL.

Columns are text, 64-bit integers and bytes. Times are epoch microseconds, structured values JSON
text; "" stands for "none" in text columns, nothing is NULL. A change here needs a revision in
``migrations/versions`` and its id in `hubbub.store.revisions.HEAD`; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

# The order of bytes on both databases, whatever the locale of the PostgreSQL server.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")


def _text(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, TEXT, primary_key=primary_key, nullable=False)


def _integer(name: str, *, primary_key: bool = False) -> Column[int]:
    # autoincrement=False: integers in primary keys are ours, not the database's.
    return Column(name, BigInteger, primary_key=primary_key, nullable=False, autoincrement=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


keyring = Table(
    "keyring",
    metadata,
    # "data-key": the one row that says which data key holds; others are wraps of that key.
    _text("wrap", primary_key=True),
    _text("data_key_id"),
    _bytes("salt"),
    _bytes("sealed"),
    _bytes("witness"),
    _integer("create_time"),
)

access_keys = Table(
    "access_keys",
    metadata,
    _text("access_key_id", primary_key=True),
    _text("account_id"),
    _bytes("sealed_secret"),
    _integer("create_time"),
    Index("ix_access_keys_account", "account_id", "create_time"),
)

quota_counts = Table(
    "quota_counts",
    metadata,
    _text("account_id", primary_key=True),
    _text("region", primary_key=True),
    _text("kind", primary_key=True),  # "room", "logging-configuration"
    _integer("count"),
)

rooms = Table(
    "rooms",
    metadata,
    _text("arn", primary_key=True),
    _text("account_id"),
    _text("region"),
    _text("id"),
    _text("name"),
    _integer("create_time"),
    _integer("update_time"),
    _integer("maximum_message_length"),
    _integer("maximum_message_rate"),  # per second
    _text("handler_uri"),  # "": no review handler
    _text("fallback_result"),  # ALLOW, DENY
    _text("logging_configurations"),  # JSON list of ARNs: room_logging in its order, for reading
    _text("tags"),  # JSON object
)
Index(
    "ix_rooms_updated",
    rooms.c.account_id,
    rooms.c.region,
    rooms.c.update_time.desc(),
    rooms.c.arn,
)
Index(
    "ix_rooms_name",
    rooms.c.account_id,
    rooms.c.region,
    rooms.c.name,
    rooms.c.update_time.desc(),
    rooms.c.arn,
)
Index(
    "ix_rooms_handler",
    rooms.c.account_id,
    rooms.c.region,
    rooms.c.handler_uri,
    rooms.c.update_time.desc(),
    rooms.c.arn,
)

logging_configurations = Table(
    "logging_configurations",
    metadata,
    _text("arn", primary_key=True),
    _text("account_id"),
    _text("region"),
    _text("id"),
    _text("name"),
    _integer("create_time"),
    _integer("update_time"),
    _text("destination"),  # JSON object, destinationConfiguration as on the wire
    _text("state"),  # ACTIVE
    _text("tags"),  # JSON object
)
Index(
    "ix_logging_configurations_updated",
    logging_configurations.c.account_id,
    logging_configurations.c.region,
    logging_configurations.c.update_time.desc(),
    logging_configurations.c.arn,
)

room_logging = Table(
    "room_logging",
    metadata,
    Column("room_arn", TEXT, ForeignKey(rooms.c.arn, ondelete="CASCADE"), primary_key=True),
    _integer("position", primary_key=True),
    # Without a rule: deleting an attached configuration fails (DuplicateKey).
    Column(
        "logging_configuration_arn",
        TEXT,
        ForeignKey(logging_configurations.c.arn),
        nullable=False,
    ),
    Index("ix_room_logging_configuration", "logging_configuration_arn", "room_arn"),
)
