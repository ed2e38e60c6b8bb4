"""Identity at the desk; see `tests.unit.desk`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hubbub.access.keyring import Keyring
from hubbub.bus.memory import MemoryBus
from hubbub.identity import ChimeIdentity, Dependents
from hubbub.settings import Limits, Settings
from hubbub.store.opening import is_postgresql
from tests.unit.desk import REGION, ServiceDesk, VirtualClock

if TYPE_CHECKING:
    from types_boto3_chime_sdk_identity.client import ChimeSDKIdentityClient  # noqa: F401 -- quoted below

DAY = 24 * 3600


class Desk(ServiceDesk["ChimeSDKIdentityClient"]):
    """One node."""

    errors: ClassVar = {
        "BadRequestException": (400, "BadRequest"),
        "ResourceLimitExceededException": (400, "ResourceLimitExceeded"),
        "ForbiddenException": (403, "Forbidden"),
        "NotFoundException": (404, "NotFound"),
        "ConflictException": (409, "Conflict"),
        "ThrottledClientException": (429, "Throttled"),
    }

    def __init__(
        self,
        url: str,
        directory: Path,
        limits: Limits,
        dependents: Dependents | None,
        clock: VirtualClock,
    ) -> None:
        super().__init__(url, directory, clock)
        self.bus = MemoryBus(directory, monotonic_ns=lambda: clock.now * 1_000)
        self.identity = self.run(self._open(is_postgresql(url), limits, dependents))
        self.serve(self.identity.service)

    async def _open(
        self, is_shared: bool, limits: Limits, dependents: Dependents | None
    ) -> ChimeIdentity:
        identity = ChimeIdentity(
            store=self.store,
            bus=self.bus,
            keyring=Keyring(b"k" * 32),
            settings=Settings(limits=limits),
            is_shared=is_shared,
            clock=self.clock,
        )
        if dependents is not None:
            identity.add_dependents(dependents)
        return identity

    def work(self) -> None:
        """Let the background job do all that is due now."""
        assert self.run(self.identity.job.run())

    # What most tests begin with.

    def make_app_instance(self, name: str = "chat", **more: Any) -> str:
        self.clock.advance(0.001)
        return self.client.create_app_instance(Name=name, **more)["AppInstanceArn"]

    def make_user(self, app_instance: str, user_id: str = "ann", **more: Any) -> str:
        self.clock.advance(0.001)
        more.setdefault("Name", user_id.title())
        return self.client.create_app_instance_user(
            AppInstanceArn=app_instance, AppInstanceUserId=user_id, **more
        )["AppInstanceUserArn"]

    def make_bot(self, app_instance: str, **more: Any) -> str:
        self.clock.advance(0.001)
        more.setdefault("Configuration", {"Lex": LEX})
        made = self.client.create_app_instance_bot(AppInstanceArn=app_instance, **more)
        return made["AppInstanceBotArn"]

    def make_admin(self, app_instance: str, arn: str) -> None:
        self.clock.advance(0.001)
        self.client.create_app_instance_admin(AppInstanceArn=app_instance, AppInstanceAdminArn=arn)

    def make_endpoint(self, user: str, **more: Any) -> str:
        self.clock.advance(0.001)
        given: dict[str, Any] = {
            "Type": "APNS",
            "ResourceArn": PINPOINT,
            "EndpointAttributes": {"DeviceToken": "device-1"},
        }
        made = self.client.register_app_instance_user_endpoint(
            AppInstanceUserArn=user, **(given | more)
        )
        return made["EndpointId"]

    @contextmanager
    def refused(self, name: str, text: str = "") -> Iterator[None]:
        """The call in it ends with this exception of the client's, and as section 1.5 words it."""
        with super().refused(name, text):
            yield
        assert self.last is not None
        assert self.last.json.keys() == {"Code", "Message"}

    def close(self) -> None:
        self.run(self.identity.close())
        self.run(self.bus.close())
        super().close()


LEX = {
    "LexBotAliasArn": "arn:aws:lex:us-east-1:111122223333:bot-alias/ABCDEFGHIJ/KLMNOPQRST",
    "LocaleId": "en_US",
}
PINPOINT = "arn:aws:mobiletargeting:us-east-1:111122223333:apps/0123456789abcdef"
ABSENT = f"arn:aws:chime:{REGION}:111122223333:app-instance/11111111-2222-3333-4444-555555555555"
