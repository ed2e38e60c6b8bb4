"""Service models, compiled: what botocore has as data becomes tables and closures.

`load_model` reads botocore's ``service-2.json`` without importing botocore. Routes are known at
once; an operation's parser and serialiser are made when it is first called.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from hubbub.wire.errors import ServiceError
from hubbub.wire.query import requests as query_requests
from hubbub.wire.query import responses as query_responses
from hubbub.wire.readers import BodyReaders
from hubbub.wire.requests import RequestParser, compile_request
from hubbub.wire.responses import Answer, ResponseWriter, compile_response, write_error
from hubbub.wire.shapes import ModelError, Shape, Shapes
from hubbub.wire.styles import ErrorStyle
from hubbub.wire.writers import BodyWriters

Constraints = Mapping[str, Mapping[str, Any]]
"""Shape name -> trait -> value, in place of what the model says; a pattern of None is waived."""
Statuses = Mapping[str, int]
"""Operation -> status of its success, where the model's is not what the service answers."""

PROTOCOLS = ("rest-json", "query")


class Operation:
    """One operation of a service."""

    def __init__(self, name: str, definition: Mapping[str, Any], model: Model) -> None:
        http = definition["http"]
        self.name = name
        self.method: str = http["method"]
        self.methods: tuple[str, ...] = (self.method,)
        self.uri: str = http["requestUri"]
        if model.protocol == "query":
            # The query protocol is routed by parameters, and takes them from the URL as well.
            self.methods = ("POST", "GET")
            self.uri += f"?Action={name}&Version={model.version}"
        self.status: int = model.statuses.get(name, http.get("responseCode", 200))
        self.errors = frozenset(each["shape"] for each in definition.get("errors", ()))
        self._definition = definition
        self._model = model

    def _shape(self, role: str) -> Shape | None:
        reference = self._definition.get(role)
        return self._model.shapes[reference["shape"]] if reference else None

    @property
    def input_shape(self) -> Shape | None:
        return self._shape("input")

    @property
    def output_shape(self) -> Shape | None:
        return self._shape("output")

    @cached_property
    def parse(self) -> RequestParser:
        """Parts of a request -> input. Raises SerializationFailure or ValidationFailure."""
        if self._model.protocol == "query":
            return query_requests.compile_request(self.input_shape)
        return compile_request(self.input_shape, self._model.readers)

    @cached_property
    def write(self) -> ResponseWriter:
        """Output -> answer."""
        if self._model.protocol == "query":
            wrapper = self._definition.get("output", {}).get("resultWrapper", f"{self.name}Result")
            namespace = self._model.namespace
            return query_responses.compile_response(
                self.name, wrapper, namespace, self.output_shape
            )
        return compile_response(self.output_shape, self.status, self._model.writers)


class Model:
    """A compiled service model."""

    def __init__(
        self,
        name: str,
        definition: Mapping[str, Any],
        constraints: Constraints,
        statuses: Statuses,
    ) -> None:
        metadata = definition["metadata"]
        unknown = statuses.keys() - definition["operations"].keys()
        if unknown:
            raise ModelError(f"statuses for operations that do not exist: {sorted(unknown)}")
        self.statuses = statuses
        spoken = (metadata.get("protocol"), *metadata.get("protocols", ()))
        self.protocol = next((each for each in PROTOCOLS if each in spoken), "")
        if not self.protocol:
            raise ModelError(f"{name} speaks none of {', '.join(PROTOCOLS)}")
        self.name = name
        self.version: str = metadata.get("apiVersion", "")
        self.namespace: str = metadata.get("xmlNamespace", "")
        self.signing_name: str = metadata.get("signingName") or metadata["endpointPrefix"]
        self.shapes = Shapes(definition["shapes"], constraints)
        self.readers = BodyReaders()
        self.writers = BodyWriters()
        self.operations = {
            each: Operation(each, operation, self)
            for each, operation in definition["operations"].items()
        }

    def error_shape(self, code: str) -> Shape | None:
        """The shape of an error by its name on the wire; None if the model has none."""
        if code in self.shapes:
            shape = self.shapes[code]
            if shape.get("exception") or shape.get("error"):
                return shape
        return None

    def write_error(self, error: ServiceError, style: ErrorStyle, request_id: str) -> Answer:
        if self.protocol == "query":
            return query_responses.write_error(error, style, self.namespace, request_id)
        return write_error(error, self.error_shape(error.code), style, self.writers, request_id)


def compile_model(
    definition: Mapping[str, Any],
    *,
    name: str = "",
    constraints: Constraints | None = None,
    statuses: Statuses | None = None,
) -> Model:
    """A model from a definition in the layout of ``service-2.json``. Raise ModelError."""
    name = name or definition["metadata"]["endpointPrefix"]
    return Model(name, definition, constraints or {}, statuses or {})


def load_model(
    name: str, *, constraints: Constraints | None = None, statuses: Statuses | None = None
) -> Model:
    """The newest model that botocore has of a service ("chime-sdk-identity"). Raise ModelError."""
    return compile_model(
        read_definition(name), name=name, constraints=constraints, statuses=statuses
    )


def read_definition(name: str) -> dict[str, Any]:
    """The newest ``service-2.json`` of a service as it stands in botocore. Raise ModelError."""
    found = find_spec("botocore")
    if found is None or found.origin is None:
        raise ModelError("botocore is not installed")
    versions = sorted((Path(found.origin).parent / "data" / name).glob("*/service-2.json*"))
    if not versions:
        raise ModelError(f"botocore has no service {name}")
    content = versions[-1].read_bytes()
    definition: dict[str, Any] = orjson.loads(
        gzip.decompress(content) if versions[-1].suffix == ".gz" else content
    )
    return definition
