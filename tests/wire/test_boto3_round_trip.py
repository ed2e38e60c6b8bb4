"""What botocore sends is understood, and what is answered botocore understands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubbub.wire import Call, FrontDoor, Service
from hubbub.wire.models import Operation
from hubbub.wire.shapes import Shape
from tests.wire.boto3_client import client_of
from tests.wire.examples import example
from tests.wire.in_process import KEY, call, door
from tests.wire.services import OWNED_ARNS, SERVICES

WHEN = datetime(2026, 5, 4, 10, 11, 12, 345000, tzinfo=UTC)
MICROSECONDS = 1_777_889_472_345_000
OPERATIONS = [
    pytest.param(service, operation, id=f"{service.name}/{operation.name}")
    for service in SERVICES
    for operation in service.model.operations.values()
]


def client_to(application: FrontDoor, service: str) -> Any:
    """A boto3 client whose requests go straight to an ASGI application."""
    return client_of(service, partial(call, application), key=KEY, region="us-west-2")


def _for_boto3(shape: Shape) -> Any:
    """A value as boto3 takes it: with `datetime`."""
    if shape.type == "timestamp":
        return WHEN
    if shape.type == "list":
        return [_for_boto3(shape.item.shape)] * max(shape.get("min") or 0, 1)
    if shape.type == "map":
        return {example(shape.key.shape): _for_boto3(shape.value.shape)}
    if shape.type == "structure":
        members = list(shape.members())
        if shape.get("union"):
            members = members[:1]
        return {each.name: _for_boto3(each.shape) for each in members}
    return example(shape)


def _result(shape: Shape, seen: tuple[str, ...] = ()) -> Any:
    """A value as operations return it: with epoch microseconds; recursion ends at once."""
    if shape.type == "timestamp":
        return MICROSECONDS
    if shape.type == "list":
        return [_result(shape.item.shape, seen)]
    if shape.type == "map":
        return {"key": _result(shape.value.shape, seen)}
    if shape.type == "structure":
        if shape.name in seen:
            return {}
        members = list(shape.members())[: 1 if shape.get("union") else None]
        return {each.name: _result(each.shape, (*seen, shape.name)) for each in members}
    return example(shape)


def _with_moments(result: Any) -> Any:
    """The result as boto3 hands it to its caller."""
    if isinstance(result, dict):
        return {name: _with_moments(value) for name, value in result.items()}
    if isinstance(result, list):
        return [_with_moments(value) for value in result]
    return WHEN if result == MICROSECONDS else result


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_input_and_output_arrive(service: Service, operation: Operation) -> None:
    shape, output = operation.input_shape, operation.output_shape
    given = _for_boto3(shape) if shape else {}
    if "ResourceARN" in given and service.name in OWNED_ARNS:
        given["ResourceARN"] = OWNED_ARNS[service.name]
    returned: Mapping[str, Any] = _result(output) if output else {}
    seen: list[Mapping[str, Any]] = []

    async def handler(call: Call, params: Mapping[str, Any]) -> Mapping[str, Any]:
        seen.append(params)
        return returned

    with_handler = [
        Service(
            model=each.model,
            errors=each.errors,
            owns=each.owns,
            handlers={operation.name: handler} if each is service else {},
        )
        for each in SERVICES
    ]
    client = client_to(door(*with_handler), service.name)

    response = client._make_api_call(operation.name, given)

    assert seen == [given]
    metadata = response.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == operation.status
    assert metadata["RequestId"]
    assert response == ({} if operation.status == 204 else _with_moments(returned))


def test_errors_become_the_exceptions_of_the_client() -> None:
    client = client_to(door(*SERVICES), "ivschat")
    with pytest.raises(client.exceptions.ValidationException) as refused:
        client.create_room(name="a b", maximumMessageLength=501)
    response = refused.value.response
    assert response["reason"] == "FIELD_VALIDATION_FAILED"
    assert [each["name"] for each in response["fieldList"]] == ["name", "maximumMessageLength"]

    client = client_to(door(*SERVICES), "chime-sdk-identity")
    with pytest.raises(client.exceptions.BadRequestException) as bad:
        client.list_app_instances(MaxResults=51)
    assert bad.value.response["Error"]["Message"] == "MaxResults must be between 1 and 50"
    with pytest.raises(ClientError) as missing:
        client.list_app_instances()
    assert missing.value.response["Error"]["Code"] == "NotImplementedException"
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
