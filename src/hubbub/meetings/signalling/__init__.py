"""Signalling of meetings: frames, and one live meeting as a pure state machine (room.py)."""
