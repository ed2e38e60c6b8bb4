"""The tables, one schema for SQLite and PostgreSQL.

Columns are text, 64-bit integers and bytes. Times are epoch microseconds, structured values JSON
text; "" stands for "none" in text columns, nothing is NULL. A change here needs a revision in
``migrations/versions`` and its id in `hubbub.store.revisions.HEAD`; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

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
    Column("policy", TEXT, nullable=False, server_default=""),  # IAM policy, JSON; "": none
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

app_instances = Table(
    "app_instances",
    metadata,
    _text("id", primary_key=True),
    _text("account_id"),
    _text("region"),
    _text("state"),  # ACTIVE, DELETING
    _text("name"),
    _text("metadata"),  # JSON string; "": never set
    _integer("create_time"),
    _integer("update_time"),
    _integer("users"),  # how many there are
    _integer("admins"),
    _integer("retention_days"),  # 0: messages are kept
    _integer("retention_time"),  # of the last Put; 0: never
    _text("tags"),  # JSON object
    Index("ix_app_instances_created", "account_id", "region", "create_time", "id"),
)

app_instance_users = Table(
    "app_instance_users",
    metadata,
    Column("app_instance_id", TEXT, ForeignKey(app_instances.c.id), primary_key=True),
    _text("user_id", primary_key=True),  # AppInstanceUserId
    _text("id"),  # ours: a user who is made again with the same user_id has another
    _text("name"),
    _text("metadata"),  # JSON string; "": never set
    _integer("create_time"),
    _integer("update_time"),
    _integer("expiration_days"),  # 0: does not expire
    _integer("expire_time"),  # 0: never
    _text("tags"),  # JSON object
    Index("ix_app_instance_users_created", "app_instance_id", "create_time", "user_id"),
    Index("ix_app_instance_users_expire", "expire_time"),
)

app_instance_bots = Table(
    "app_instance_bots",
    metadata,
    Column("app_instance_id", TEXT, ForeignKey(app_instances.c.id), primary_key=True),
    _text("bot_id", primary_key=True),
    _text("name"),  # JSON string; "": never set
    _text("metadata"),  # JSON string; "": never set
    _text("configuration"),  # JSON object, as on the wire
    _integer("create_time"),
    _integer("update_time"),
    _text("tags"),  # JSON object
    Index("ix_app_instance_bots_created", "app_instance_id", "create_time", "bot_id"),
)

app_instance_admins = Table(
    "app_instance_admins",
    metadata,
    Column("app_instance_id", TEXT, ForeignKey(app_instances.c.id), primary_key=True),
    _text("kind", primary_key=True),  # user, bot
    _text("member_id", primary_key=True),  # user_id or bot_id
    _integer("create_time"),
    Index("ix_app_instance_admins_created", "app_instance_id", "create_time", "kind", "member_id"),
)

app_instance_user_endpoints = Table(
    "app_instance_user_endpoints",
    metadata,
    _text("app_instance_id", primary_key=True),
    _text("user_id", primary_key=True),
    _text("endpoint_id", primary_key=True),
    _text("name"),  # JSON string; "": never set
    _text("type"),  # APNS, APNS_SANDBOX, GCM
    _text("resource_arn"),
    _text("attributes"),  # JSON object, EndpointAttributes as on the wire
    _text("allow_messages"),  # ALL, NONE
    _text("status"),  # ACTIVE, INACTIVE
    _text("status_reason"),  # "" when ACTIVE
    _integer("create_time"),
    _integer("update_time"),
    ForeignKeyConstraint(
        ["app_instance_id", "user_id"],
        [app_instance_users.c.app_instance_id, app_instance_users.c.user_id],
        ondelete="CASCADE",
    ),
)

client_request_tokens = Table(
    "client_request_tokens",
    metadata,
    _text("owner", primary_key=True),  # id of the app instance; "account region" to make one
    _text("scope", primary_key=True),  # operation, and the user it is about
    _text("token", primary_key=True),
    _text("digest"),  # of the other members of the request
    _text("resource_id"),  # of what was made
    _integer("create_time"),
    Index("ix_client_request_tokens_created", "create_time"),
)

deletions = Table(
    "deletions",
    metadata,
    _text("arn", primary_key=True),
    _text("id", primary_key=True),  # of the app instance, user or bot that is gone
    _text("kind"),  # app-instance, user, bot
    _text("app_instance_id"),
    _integer("create_time"),
    Index("ix_deletions_created", "create_time", "arn", "id"),
    Index("ix_deletions_app_instance", "app_instance_id", "arn", "id"),
)

leases = Table(
    "leases",
    metadata,
    _text("name", primary_key=True),  # of the job, or the meeting, that only its holder has
    _text("holder"),
    _integer("end_time"),
)

meetings = Table(
    "meetings",
    metadata,
    _text("id", primary_key=True),
    _text("account_id"),
    _text("region"),  # of the API endpoint
    _text("external_meeting_id"),
    _text("media_region"),
    _text("host_id"),  # "": none
    _text("primary_meeting_id"),  # "": it is no replica
    _text("tenant_ids"),  # JSON list
    _text("features"),  # JSON object, MeetingFeatures as on the wire; "": none given
    _text("notifications"),  # JSON object, NotificationsConfiguration as on the wire; "": none
    _text("transcription"),  # JSON object; "": none is under way
    _integer("create_time"),
    _integer("end_time"),  # 0: it has not ended
    _integer("most_attendees"),
    _integer("attendees"),  # how many there are
    _integer("attendees_made"),  # how many there were ever
    _text("tags"),  # JSON object
    Index("ix_meetings_end", "end_time", "create_time", "id"),
    Index("ix_meetings_primary", "primary_meeting_id", "end_time"),
)

meeting_attendees = Table(
    "meeting_attendees",
    metadata,
    Column("meeting_id", TEXT, ForeignKey(meetings.c.id, ondelete="CASCADE"), primary_key=True),
    _text("attendee_id", primary_key=True),
    _text("external_user_id"),
    _integer("position"),  # in the order of creation
    _text("audio"),  # SendReceive, Send, Receive, None
    _text("video"),
    _text("content"),
    Index("ix_meeting_attendees_user", "meeting_id", "external_user_id", unique=True),
    Index("ix_meeting_attendees_position", "meeting_id", "position"),
)
