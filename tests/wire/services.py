"""The four services with their models and styles, without any handlers."""

from __future__ import annotations

from hubbub import identity, meetings, messaging
from hubbub.ivschat.service import CONSTRAINTS
from hubbub.wire import CodeMessageStyle, FieldListStyle, Service, load_model

CHIME_ARN = "arn:aws:chime:us-east-1:123456789012:"
APP_INSTANCE = f"{CHIME_ARN}app-instance/11111111-2222-3333-4444-555555555555"

SERVICES = (
    Service(
        model=load_model("ivschat", constraints=CONSTRAINTS),
        errors=FieldListStyle(),
    ),
    Service(
        model=load_model("chime-sdk-identity"),
        errors=CodeMessageStyle(),
        owns=identity.owns,
    ),
    messaging.service(),
    Service(
        model=load_model("chime-sdk-meetings"),
        errors=CodeMessageStyle(tells_request_id=True),
        owns=meetings.owns,
    ),
)
# Tag operations of the Chime services share their paths: the ARN tells them apart.
OWNED_ARNS = {
    "chime-sdk-identity": APP_INSTANCE,
    "chime-sdk-messaging": f"{APP_INSTANCE}/channel/abc",
    "chime-sdk-meetings": f"{CHIME_ARN}meeting/11111111-2222-3333-4444-555555555555",
}
UNREADABLE = {
    "ivschat": "SerializationException",
    "chime-sdk-identity": "BadRequestException",
    "chime-sdk-messaging": "BadRequestException",
    "chime-sdk-meetings": "BadRequestException",
}
INVALID = UNREADABLE | {"ivschat": "ValidationException"}
