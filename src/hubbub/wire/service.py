"""What a service gives to the front door, and what the front door gives to an operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hubbub.wire.errors import Failure
from hubbub.wire.models import Model
from hubbub.wire.styles import ErrorStyle


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is known of one access key.

    ``session_token`` is None for long-term keys. For temporary credentials it is the token that
    the request has to carry, and ``expires_at`` (epoch seconds) says when they end.
    ``permissions`` None: they may do everything in their account.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    account_id: str
    arn: str
    session_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    user_id: str = ""  # the principal's unique id, as STS tells it; "": none
    permissions: Permissions | None = None


class Permissions(Protocol):
    """What credentials are limited to. `hubbub.access` implements it with IAM policies."""

    async def allow(self, call: Call, demand: Demand) -> bool:
        """May the call have this one of its demands?"""
        ...


class CredentialSource(Protocol):
    """Finds credentials for the signature check. `hubbub.access` implements it."""

    async def find(self, access_key_id: str, session_token: str | None) -> Credentials | None:
        """The credentials of this key, or None when it is unknown or revoked."""
        ...


@dataclass(slots=True)
class Call:
    """One authenticated, parsed and validated request on its way to its operation."""

    service: str  # service name as botocore spells it: "ivschat", "chime-sdk-identity"
    operation: str  # "CreateRoom"
    credentials: Credentials
    region: str  # from the credential scope
    request_id: str  # the x-amzn-RequestId of the answer
    source_ip: str
    headers: Mapping[str, str]  # names in lower case, repeats joined with a comma
    secure: bool = False  # it came over TLS

    @property
    def account_id(self) -> str:
        return self.credentials.account_id


Output = dict[str, Any]
"""What an operation answers, as the model names it; members that are None are left out."""


Handler = Callable[[Call, dict[str, Any]], Awaitable[Mapping[str, Any] | None]]
"""An operation: input as the model names it -> output as the model names it (None: no members).

It reports trouble by raising `hubbub.wire.errors.ServiceError`.
"""


@dataclass(frozen=True, slots=True)
class Demand:
    """One action on one resource that a call needs to be allowed."""

    action: str  # "chime:CreateAppInstanceUser"
    resource: str  # an ARN, or "*"
    conditions: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Condition keys of the request: ``aws:RequestTag/team``, ``aws:TagKeys``."""
    resource_tags: Callable[[], Awaitable[Mapping[str, str]]] | None = None
    """Reads the tags of the resource, for ``aws:ResourceTag/…``; asked only when a policy does."""


Demands = Callable[[Call, dict[str, Any]], Sequence[Demand]]
"""All that a call needs; the specifications' IAM sections list them."""


Rule = Callable[[dict[str, Any]], Sequence[Failure]]
"""What is wrong with an operation's input beyond what its model can say; empty: nothing."""


def owns_nothing(arn: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service as the front door serves it.

    Operations of the model without a handler answer 501. Services may share paths (``/tags``): the
    call goes to the one whose `owns` says yes to the ARN in its input.
    """

    model: Model
    errors: ErrorStyle
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    owns: Callable[[str], bool] = owns_nothing
    demands: Demands | None = None  # None: every operation demands itself on all resources
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """Operation -> rule, checked together with the model's constraints, before authorization."""

    def __post_init__(self) -> None:
        unknown = self.handlers.keys() - self.model.operations.keys()
        if unknown:
            raise ValueError(f"{self.name} has no operations {sorted(unknown)}")

    @property
    def name(self) -> str:
        """As botocore spells it: "chime-sdk-identity"."""
        return self.model.name

    @property
    def signing_name(self) -> str:
        return self.model.signing_name

    def demanded(self, call: Call, params: dict[str, Any]) -> Sequence[Demand]:
        """What the call needs to be allowed."""
        if self.demands is None:
            return (Demand(f"{self.signing_name}:{call.operation}", "*"),)
        return self.demands(call, params)


Authorize = Callable[[Service, Call, dict[str, Any]], Awaitable[None] | None]
"""May this call go on with this input? Raises NotAuthorized or ServiceError if not, at once or when
awaited."""
