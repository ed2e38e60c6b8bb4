"""Real PostgreSQL and Redis servers for the tests."""
