from typing import Any

import pytest

from hubbub.wire import FieldListStyle, SerializationFailure, Service, compile_model
from hubbub.wire.requests import decoded, parse_query
from hubbub.wire.router import Router


def service(**operations: str) -> Service:
    """Operations by name: "GET /path/{label}?fixed=value"."""
    shapes: dict[str, Any] = {"Text": {"type": "string"}}
    definition: dict[str, Any] = {
        "metadata": {"protocol": "rest-json", "endpointPrefix": "example"},
        "operations": {},
        "shapes": shapes,
    }
    for name, line in operations.items():
        method, uri = line.split(" ")
        definition["operations"][name] = {"http": {"method": method, "requestUri": uri}}
    return Service(model=compile_model(definition), errors=FieldListStyle())


SERVICE = service(
    Root="GET /",
    List="GET /things",
    Create="POST /things",
    Search="POST /things?operation=search",
    SearchDeep="POST /things?operation=search&deep",
    Get="GET /things/{id}",
    Special="GET /things/special",
    Parts="GET /things/{id}/parts/{part}",
    Under="GET /files/{path+}",
    UnderMeta="GET /files/{path+}/meta",
    Tag="POST /tags?operation=tag",
)


@pytest.mark.parametrize(
    ("method", "target", "operation", "labels"),
    [
        ("GET", "/", "Root", {}),
        ("GET", "/things", "List", {}),
        ("POST", "/things", "Create", {}),
        ("POST", "/things?other=1", "Create", {}),
        ("POST", "/things?operation=other", "Create", {}),
        ("POST", "/things?a=b&operation=search", "Search", {}),
        ("POST", "/things?deep&operation=search", "SearchDeep", {}),
        ("POST", "/things?deep=&operation=se%61rch", "SearchDeep", {}),
        ("GET", "/things/a%2Fb%3Ac", "Get", {"id": "a%2Fb%3Ac"}),
        ("GET", "/things/special", "Special", {}),
        ("GET", "/th%69ngs", "List", {}),
        ("GET", "/things/", "Get", {"id": ""}),
        ("GET", "/things/a/parts/b", "Parts", {"id": "a", "part": "b"}),
        ("GET", "/things/special/parts/b", "Parts", {"id": "special", "part": "b"}),
        ("GET", "/files/a/b/c", "Under", {"path": "a/b/c"}),
        ("GET", "/files/a/b/meta", "UnderMeta", {"path": "a/b"}),
        ("POST", "/tags?operation=tag", "Tag", {}),
    ],
)
def test_match(method: str, target: str, operation: str, labels: dict[str, str]) -> None:
    path, _, query = target.partition("?")

    (match,) = Router([SERVICE]).match(method, path, parse_query(query))

    assert match.route.operation.name == operation
    assert match.labels == labels


@pytest.mark.parametrize(
    ("method", "target", "known"),
    [
        ("DELETE", "/things", True),
        ("POST", "/tags", True),
        ("POST", "/tags?operation=untag", True),
        ("GET", "/Things", False),
        ("GET", "/things//parts", False),
        ("GET", "//things", False),
        ("GET", "things", False),
        ("GET", "", False),
        ("GET", "/%ff%fe", False),
        ("GET", "*", False),
        ("GET", "/" + "x/" * 5000, False),
    ],
)
def test_no_match(method: str, target: str, known: bool) -> None:
    router = Router([SERVICE])
    path, _, query = target.partition("?")

    assert router.match(method, path, parse_query(query)) == []
    assert bool(router.knows(path)) == known


def test_services_that_share_a_path_are_all_told() -> None:
    other = service(TagOther="POST /tags?operation=tag")

    matches = Router([SERVICE, other]).match("POST", "/tags", [("operation", "tag")])

    assert [match.route.operation.name for match in matches] == ["Tag", "TagOther"]


def test_decoding() -> None:
    assert decoded("a%20b%2Bc+d%F0%9F%98%80%zz") == "a b+c+d😀%zz"
    assert decoded("Ã©") == "é"  # bytes beyond ASCII, as a server hands them on
    assert parse_query("a=1&&b&a=2&c=d=e") == [("a", "1"), ("b", ""), ("a", "2"), ("c", "d=e")]
    for text in ("%ff", "%ed%a0%80", "\xff"):
        with pytest.raises(SerializationFailure):
            decoded(text)
