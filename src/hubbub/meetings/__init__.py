"""Amazon Chime SDK Meetings: meetings, attendees and their capabilities.

``ChimeMeetings`` is the whole service but for live meetings, which a `Stage` runs. `Unstaged` is
the one of a process where none can be held.
"""

from hubbub.meetings.ingestion import EventIngestion
from hubbub.meetings.placement import EVENTS_PATH
from hubbub.meetings.service import ChimeMeetings, owns
from hubbub.meetings.stage import Stage
from hubbub.meetings.unstaged import Unstaged

__all__ = ["EVENTS_PATH", "ChimeMeetings", "EventIngestion", "Stage", "Unstaged", "owns"]
