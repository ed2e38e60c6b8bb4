"""SendEvent, DeleteMessage and DisconnectUser: messaging from the server side (spec 4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from hubbub.bus.contract import Bus, Publication
from hubbub.ivschat import counts
from hubbub.ivschat.chat_log import ChatLog
from hubbub.ivschat.engine import admission
from hubbub.ivschat.engine.admission import SEND_EVENT
from hubbub.ivschat.engine.attributes import EVENT_BYTES, size
from hubbub.ivschat.engine.ids import new_id
from hubbub.ivschat.engine.requests import (
    DELETE_MESSAGE,
    DISCONNECT_USER,
    DeleteMessage,
    DisconnectUser,
)
from hubbub.ivschat.engine.room import Room
from hubbub.ivschat.errors import not_found
from hubbub.ivschat.ownership import require_own
from hubbub.ivschat.submission import submit
from hubbub.settings import Limits
from hubbub.wire.errors import Failure, ValidationFailure
from hubbub.wire.service import Call
from hubbub.wire.tags import RESERVED, is_reserved

if TYPE_CHECKING:
    from types_boto3_ivschat.type_defs import (
        DeleteMessageRequestTypeDef,
        DisconnectUserRequestTypeDef,
        SendEventRequestTypeDef,
    )


class Messaging:
    """Publishes to rooms whether or not anybody is there."""

    def __init__(
        self,
        bus: Bus,
        read: Callable[[str], Awaitable[Room | None]],
        chat_log: ChatLog,
        limits: Limits,
    ) -> None:
        self._bus = bus
        self._read = read
        self._chat_log = chat_log
        self._limits = limits

    async def send_event(self, call: Call, request: SendEventRequestTypeDef) -> dict[str, str]:
        name = request["eventName"]
        attributes = request.get("attributes")
        failures = []
        if is_reserved(name):
            failures.append(Failure("eventName", f"must not start with {RESERVED}"))
        if attributes is not None and size(attributes) > EVENT_BYTES:
            failures.append(Failure("attributes", f"must not be larger than {EVENT_BYTES} bytes"))
        if failures:
            raise ValidationFailure(failures)
        event_id = new_id()
        arn = request["roomIdentifier"]
        publication = admission.publish_event(arn, event_id, name, attributes)
        await self._publish(call, arn, SEND_EVENT, publication)
        return {"id": event_id}

    async def delete_message(
        self, call: Call, request: DeleteMessageRequestTypeDef
    ) -> dict[str, str]:
        """No message is looked up: none is kept."""
        event_id = new_id()
        arn = request["roomIdentifier"]
        deletion = DeleteMessage("", request["id"], request.get("reason"))
        publication = admission.publish_deletion(arn, event_id, deletion)
        await self._publish(call, arn, DELETE_MESSAGE, publication)
        return {"id": event_id}

    async def disconnect_user(self, call: Call, request: DisconnectUserRequestTypeDef) -> None:
        """No user is looked up: one who is not there is as good as disconnected."""
        arn = request["roomIdentifier"]
        disconnection = DisconnectUser("", request["userId"], request.get("reason"))
        publication = admission.publish_disconnection(arn, new_id(), disconnection)
        await self._publish(call, arn, DISCONNECT_USER, publication)

    async def _publish(self, call: Call, arn: str, action: str, publication: Publication) -> None:
        require_own(call, arn)
        room = await self._read(arn)
        if room is None:
            raise not_found(arn)
        limits = admission.account_limits(action, call.account_id, call.region, self._limits)
        counts.requested(action)
        admitted = await submit(self._bus, limits, publication, room.id)
        self._chat_log.write(room, b"EVENT", admitted.at, admitted.payload)
