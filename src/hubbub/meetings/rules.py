"""What the model cannot say of the input (chime-meetings A.4, A.5, A.7): checked with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hubbub.meetings import capabilities, features, transcription_rules
from hubbub.meetings.capabilities import Capabilities, Media
from hubbub.settings import Limits
from hubbub.wire.errors import Failure
from hubbub.wire.rules import Check, Input, all_of
from hubbub.wire.service import Rule
from hubbub.wire.tags import is_reserved, tag_list_failures

CONSTRAINTS: Mapping[str, Mapping[str, Any]] = {
    # In a list one bad id is an error of its own item (A.6), not of the call: `id_fault` sees it.
    "ExternalUserId": {"min": 0, "max": None},
}

MEDIA_REGIONS = frozenset(
    (
        *("af-south-1", "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1"),
        *("ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-south-1"),
        *("eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2"),
        *("us-west-1", "us-west-2", "us-gov-east-1", "us-gov-west-1"),
    )
)

_ID = re.compile(r"""[-_&@+=,(){}\[\]/«».:|'"#a-zA-Z0-9À-ÿ\s]*""", re.ASCII)
_ID_LENGTHS = range(2, 65)


def id_fault(text: str) -> str | None:
    """What is wrong with an ExternalMeetingId, ExternalUserId or MeetingHostId; None: nothing."""
    if len(text) not in _ID_LENGTHS:
        return "must have a length between 2 and 64"
    if _ID.fullmatch(text) is None:
        return "must hold letters, digits, white space and -_&@+=,(){}[]/«».:|'\"# only"
    if is_reserved(text):
        return "must not start with aws:"
    return None


def requested(given: Input | None) -> Capabilities | None:
    """An AttendeeCapabilities member of an input."""
    return Capabilities(given["Audio"], given["Video"], given["Content"]) if given else None


def _ids(*members: str) -> Check:
    def check(request: Input) -> Iterator[Failure]:
        for member in members:
            if member in request and (fault := id_fault(request[member])):
                yield Failure(member, fault)

    return check


def _media_region(request: Input) -> Iterator[Failure]:
    if request["MediaRegion"] not in MEDIA_REGIONS:
        yield Failure("MediaRegion", f"must be one of {', '.join(sorted(MEDIA_REGIONS))}")


def _features(limits: Limits) -> Check:
    most = limits.attendees_per_high_definition_meeting

    def check(request: Input) -> Iterator[Failure]:
        if fault := features.refusal(request.get("MeetingFeatures") or {}, most):
            yield Failure("MeetingFeatures", fault)

    return check


def _tags(request: Input) -> Iterator[Failure]:
    yield from tag_list_failures(request.get("Tags") or ())


def _capabilities(request: Input) -> Iterator[Failure]:
    """As far as they are wrong in every meeting."""
    yield from _refused("Capabilities", request.get("Capabilities"), Media())


def _items(request: Input) -> Iterator[Failure]:
    media = features.Features.of(request.get("MeetingFeatures")).media
    for index, item in enumerate(request["Attendees"]):
        yield from _refused(f"Attendees.{index}.Capabilities", item.get("Capabilities"), media)


def _refused(member: str, given: Input | None, media: Media) -> Iterator[Failure]:
    wanted = requested(given)
    if wanted is not None and (text := capabilities.refusal(wanted, media)):
        yield Failure(member, f"are not possible: {text}")


def _transcription(request: Input) -> Iterator[Failure]:
    yield from transcription_rules.failures(request["TranscriptionConfiguration"])


def rules(limits: Limits) -> Mapping[str, Rule]:
    """Operation -> rule."""
    of_meeting = (
        _ids("ExternalMeetingId", "MeetingHostId"),
        _media_region,
        _features(limits),
        _tags,
    )
    return {
        "CreateMeeting": all_of(*of_meeting),
        "CreateMeetingWithAttendees": all_of(*of_meeting, _items),
        "CreateAttendee": all_of(_ids("ExternalUserId"), _capabilities),
        "BatchCreateAttendee": all_of(_items),
        "UpdateAttendeeCapabilities": all_of(_capabilities),
        "BatchUpdateAttendeeCapabilitiesExcept": all_of(_capabilities),
        "StartMeetingTranscription": all_of(_transcription),
        "TagResource": all_of(_tags),
    }
