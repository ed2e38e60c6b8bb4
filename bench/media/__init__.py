"""Meetings: how fast real clients are served, and how many a core carries."""
