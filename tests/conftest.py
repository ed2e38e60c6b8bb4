"""Fixtures that every test may use; what holds for all of hypothesis' tests."""

from hypothesis import HealthCheck, settings

from tests.services.fixtures import (
    postgresql_server,
    postgresql_url,
    redis_server,
    redis_url,
    shared_database,
)

__all__ = ["postgresql_server", "postgresql_url", "redis_server", "redis_url", "shared_database"]

# How long an example takes says something of the machine and its other work only.
settings.register_profile("hubbub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hubbub")
