"""Fixtures that every test may use."""

from tests.services.fixtures import (
    postgresql_server,
    postgresql_url,
    redis_server,
    redis_url,
    shared_database,
)

__all__ = ["postgresql_server", "postgresql_url", "redis_server", "redis_url", "shared_database"]
