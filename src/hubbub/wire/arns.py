"""Amazon Resource Names: ``arn:<partition>:<service>:<region>:<account>:<resource>``."""

from __future__ import annotations

from typing import NamedTuple


class ArnError(ValueError):
    """The text is no ARN."""


class Arn(NamedTuple):
    """One ARN, taken apart. `str` puts it together again, byte for byte."""

    partition: str
    service: str
    region: str
    account_id: str
    resource: str  # "room/abC123dEf456"; everything after the fifth colon

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Raise ArnError unless there are six parts and a partition, a service and a resource."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
            raise ArnError("not an ARN")
        return cls(*parts[1:])

    @property
    def resource_type(self) -> str:
        """What stands before the first slash of the resource: "room"."""
        return self.resource.partition("/")[0]

    @property
    def resource_id(self) -> str:
        """What stands after the first slash of the resource: "abC123dEf456"; "" without one."""
        return self.resource.partition("/")[2]

    def __str__(self) -> str:
        return "arn:" + ":".join(self)
