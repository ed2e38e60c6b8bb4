"""Shapes of a service model, as botocore's ``service-2.json`` writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class ModelError(Exception):
    """The service model refers to something that it does not have, or that is not supported."""


class Shape:
    """One shape: `get` reads a trait, the rest leads to other shapes."""

    __slots__ = ("_shapes", "name", "traits", "type")

    def __init__(self, name: str, traits: Mapping[str, Any], shapes: Shapes) -> None:
        self.name = name
        self.traits = traits
        self.type: str = "document" if traits.get("document") else traits["type"]
        self._shapes = shapes

    def get(self, trait: str) -> Any:
        return self.traits.get(trait)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(self.traits.get("required", ()))

    @property
    def item(self) -> Member:
        """The member of a list."""
        return self._shapes.member("member", self.traits["member"])

    @property
    def key(self) -> Member:
        return self._shapes.member("key", self.traits["key"])

    @property
    def value(self) -> Member:
        return self._shapes.member("value", self.traits["value"])

    def members(self) -> Iterator[Member]:
        """The members of a structure, in the order of the model."""
        for name, reference in self.traits.get("members", {}).items():
            yield self._shapes.member(name, reference)


class Member:
    """A reference to a shape: by a structure's member, a list or a map."""

    __slots__ = ("location", "name", "reference", "shape", "wire_name")

    def __init__(self, name: str, reference: Mapping[str, Any], shape: Shape) -> None:
        self.name = name
        self.reference = reference
        self.shape = shape
        self.location: str | None = reference.get("location")
        self.wire_name: str = reference.get("locationName", name)

    @property
    def is_jsonvalue(self) -> bool:
        return bool(self.reference.get("jsonvalue") or self.shape.get("jsonvalue"))

    def timestamp_form(self, default: str) -> str:
        form = self.reference.get("timestampFormat") or self.shape.get("timestampFormat")
        return form or default


class Shapes:
    """All shapes of a model by name. `constraints` replaces traits: shape -> trait -> value."""

    def __init__(
        self,
        definitions: Mapping[str, Mapping[str, Any]],
        constraints: Mapping[str, Mapping[str, Any]],
    ) -> None:
        unknown = constraints.keys() - definitions.keys()
        if unknown:
            raise ModelError(f"constraints for shapes that do not exist: {sorted(unknown)}")
        self._definitions = definitions
        self._constraints = constraints
        self._made: dict[str, Shape] = {}

    def __getitem__(self, name: str) -> Shape:
        shape = self._made.get(name)
        if shape is None:
            try:
                traits = self._definitions[name]
            except KeyError:
                raise ModelError(f"no shape {name}") from None
            if name in self._constraints:
                traits = {**traits, **self._constraints[name]}
            shape = self._made[name] = Shape(name, traits, self)
        return shape

    def names(self) -> Iterator[str]:
        return iter(self._definitions)

    def __contains__(self, name: str) -> bool:
        return name in self._definitions

    def member(self, name: str, reference: Mapping[str, Any]) -> Member:
        return Member(name, reference, self[reference["shape"]])
