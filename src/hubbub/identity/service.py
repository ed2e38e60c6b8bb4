"""Chime SDK Identity put together from its parts."""

from __future__ import annotations

from typing import Any

from hubbub.access.keyring import Keyring
from hubbub.bus.contract import Bus
from hubbub.identity.admins import Admins
from hubbub.identity.app_instances import AppInstances
from hubbub.identity.bots import Bots
from hubbub.identity.clearing import Clearing
from hubbub.identity.deletions import Deletions
from hubbub.identity.demands import Demands
from hubbub.identity.dependents import Dependents
from hubbub.identity.directory import Directory
from hubbub.identity.endpoints import Endpoints
from hubbub.identity.expiration import ExpiredUsers
from hubbub.identity.idempotency import OldTokens
from hubbub.identity.job import Job
from hubbub.identity.leases import Lease, SoleLease, StoredLease
from hubbub.identity.rates import limited
from hubbub.identity.removal import Removal
from hubbub.identity.retention import ExpiredMessages, RetentionSettings
from hubbub.identity.rules import RULES
from hubbub.identity.tags import Tags
from hubbub.identity.users import Users
from hubbub.settings import Settings
from hubbub.store.clock import Clock, SystemClock
from hubbub.store.contract import Store
from hubbub.wire import CodeMessageStyle, PageTokens, Service, load_model


class ChimeIdentity:
    """The service: its 30 operations and its background work.

    `directory` and `retention` answer questions of other services; `add_dependents` is how they
    hear of deletions. `is_shared`: other nodes serve the same database.
    """

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        keyring: Keyring,
        settings: Settings,
        is_shared: bool,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        limits = settings.limits
        tokens = PageTokens(keyring.subkey("page-tokens"))
        self._dependents: list[Dependents] = []
        self.directory = Directory(store, is_shared=is_shared)
        self.retention = RetentionSettings(store, clock)
        deletions = Deletions(self.directory, self._dependents)
        removal = Removal(store, deletions, clock)
        lease: Lease = StoredLease(store, "identity", clock) if is_shared else SoleLease()
        self.job = Job(
            (
                ExpiredUsers(store, removal, clock),
                Clearing(store, self._dependents, lease),
                ExpiredMessages(store, self._dependents, clock),
                OldTokens(store, lease, clock),
            ),
            lease,
            deletions.wake,
        )
        instances = AppInstances(
            store=store, tokens=tokens, deletions=deletions, clock=clock, limits=limits
        )
        users = Users(
            store=store,
            tokens=tokens,
            directory=self.directory,
            removal=removal,
            clock=clock,
            limits=limits,
        )
        admins = Admins(
            store=store, tokens=tokens, directory=self.directory, clock=clock, limits=limits
        )
        bots = Bots(
            store=store, tokens=tokens, directory=self.directory, removal=removal, clock=clock
        )
        endpoints = Endpoints(store=store, tokens=tokens, clock=clock, limits=limits)
        tags = Tags(store)
        handlers: dict[str, Any] = {
            "CreateAppInstance": instances.create,
            "DescribeAppInstance": instances.describe,
            "UpdateAppInstance": instances.update,
            "DeleteAppInstance": instances.delete,
            "ListAppInstances": instances.list,
            "CreateAppInstanceUser": users.create,
            "DescribeAppInstanceUser": users.describe,
            "UpdateAppInstanceUser": users.update,
            "DeleteAppInstanceUser": users.delete,
            "ListAppInstanceUsers": users.list,
            "PutAppInstanceUserExpirationSettings": users.put_expiration,
            "CreateAppInstanceAdmin": admins.create,
            "DescribeAppInstanceAdmin": admins.describe,
            "DeleteAppInstanceAdmin": admins.delete,
            "ListAppInstanceAdmins": admins.list,
            "CreateAppInstanceBot": bots.create,
            "DescribeAppInstanceBot": bots.describe,
            "UpdateAppInstanceBot": bots.update,
            "DeleteAppInstanceBot": bots.delete,
            "ListAppInstanceBots": bots.list,
            "RegisterAppInstanceUserEndpoint": endpoints.register,
            "DescribeAppInstanceUserEndpoint": endpoints.describe,
            "UpdateAppInstanceUserEndpoint": endpoints.update,
            "DeregisterAppInstanceUserEndpoint": endpoints.deregister,
            "ListAppInstanceUserEndpoints": endpoints.list,
            "PutAppInstanceRetentionSettings": self.retention.put,
            "GetAppInstanceRetentionSettings": self.retention.get,
            "ListTagsForResource": tags.list,
            "TagResource": tags.add,
            "UntagResource": tags.remove,
        }
        if limits.api_call_rates:
            handlers = {name: limited(handler, bus) for name, handler in handlers.items()}
        self.service = Service(
            model=load_model("chime-sdk-identity"),
            errors=CodeMessageStyle(),
            handlers=handlers,
            owns=owns,
            demands=Demands(tags.of),
            rules=RULES,
        )

    def add_dependents(self, dependents: Dependents) -> None:
        """Before `start`: a service that keeps things below app instances, users and bots."""
        self._dependents.append(dependents)

    async def start(self) -> None:
        self.job.start()

    async def close(self) -> None:
        await self.job.close()


def owns(arn: str) -> bool:
    """An app instance, or a user or bot of one."""
    resource = arn.split(":", 5)[-1].split("/")
    return resource[0] == "app-instance" and (len(resource) < 3 or resource[2] in ("user", "bot"))
