"""Signalling of meetings: a room in virtual time. See room.py."""
