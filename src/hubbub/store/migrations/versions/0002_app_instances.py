"""App instances, their users, bots, admins and endpoints; client request tokens, jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def _integer(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "app_instances",
        *_text("id", "account_id", "region", "state", "name", "metadata"),
        *_integer("create_time", "update_time", "users", "admins"),
        *_integer("retention_days", "retention_time"),
        *_text("tags"),
        sa.PrimaryKeyConstraint("id", name="pk_app_instances"),
    )
    op.create_index(
        "ix_app_instances_created", "app_instances", ["account_id", "region", "create_time", "id"]
    )
    op.create_table(
        "app_instance_users",
        *_text("app_instance_id", "user_id", "id", "name", "metadata"),
        *_integer("create_time", "update_time", "expiration_days", "expire_time"),
        *_text("tags"),
        sa.PrimaryKeyConstraint("app_instance_id", "user_id", name="pk_app_instance_users"),
        _of_app_instance("app_instance_users"),
    )
    op.create_index(
        "ix_app_instance_users_created",
        "app_instance_users",
        ["app_instance_id", "create_time", "user_id"],
    )
    op.create_index("ix_app_instance_users_expire", "app_instance_users", ["expire_time"])
    op.create_table(
        "app_instance_bots",
        *_text("app_instance_id", "bot_id", "name", "metadata", "configuration"),
        *_integer("create_time", "update_time"),
        *_text("tags"),
        sa.PrimaryKeyConstraint("app_instance_id", "bot_id", name="pk_app_instance_bots"),
        _of_app_instance("app_instance_bots"),
    )
    op.create_index(
        "ix_app_instance_bots_created",
        "app_instance_bots",
        ["app_instance_id", "create_time", "bot_id"],
    )
    op.create_table(
        "app_instance_admins",
        *_text("app_instance_id", "kind", "member_id"),
        *_integer("create_time"),
        sa.PrimaryKeyConstraint(
            "app_instance_id", "kind", "member_id", name="pk_app_instance_admins"
        ),
        _of_app_instance("app_instance_admins"),
    )
    op.create_index(
        "ix_app_instance_admins_created",
        "app_instance_admins",
        ["app_instance_id", "create_time", "kind", "member_id"],
    )
    op.create_table(
        "app_instance_user_endpoints",
        *_text("app_instance_id", "user_id", "endpoint_id", "name", "type", "resource_arn"),
        *_text("attributes", "allow_messages", "status", "status_reason"),
        *_integer("create_time", "update_time"),
        sa.PrimaryKeyConstraint(
            "app_instance_id", "user_id", "endpoint_id", name="pk_app_instance_user_endpoints"
        ),
        sa.ForeignKeyConstraint(
            ["app_instance_id", "user_id"],
            ["app_instance_users.app_instance_id", "app_instance_users.user_id"],
            name="fk_app_instance_user_endpoints_app_instance_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "client_request_tokens",
        *_text("owner", "scope", "token", "digest", "resource_id"),
        *_integer("create_time"),
        sa.PrimaryKeyConstraint("owner", "scope", "token", name="pk_client_request_tokens"),
    )
    op.create_index("ix_client_request_tokens_created", "client_request_tokens", ["create_time"])
    op.create_table(
        "deletions",
        *_text("arn", "id", "kind", "app_instance_id"),
        *_integer("create_time"),
        sa.PrimaryKeyConstraint("arn", "id", name="pk_deletions"),
    )
    op.create_index("ix_deletions_created", "deletions", ["create_time", "arn", "id"])
    op.create_index("ix_deletions_app_instance", "deletions", ["app_instance_id", "arn", "id"])
    op.create_table(
        "leases",
        *_text("name", "holder"),
        *_integer("end_time"),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _of_app_instance(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["app_instance_id"], ["app_instances.id"], name=f"fk_{table}_app_instance_id"
    )
