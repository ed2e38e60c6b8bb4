"""Days, in which retention and expiration count."""

DAY = 24 * 3600 * 1_000_000
"""Microseconds."""
