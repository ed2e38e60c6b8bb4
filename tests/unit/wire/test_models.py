import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from hubbub.wire import (
    CodeMessageStyle,
    Failure,
    Model,
    ModelError,
    SerializationFailure,
    ServiceError,
    ValidationFailure,
    compile_model,
    load_model,
)
from hubbub.wire.requests import Parts

SERVICES = ("ivschat", "chime-sdk-identity", "chime-sdk-messaging", "chime-sdk-meetings")


def model_of(shapes: dict[str, Any], **constraints: Any) -> Model:
    """One operation ``POST /do`` whose input and output is the shape "Data"."""
    operation = {
        "http": {"method": "POST", "requestUri": "/do"},
        "input": {"shape": "Data"},
        "output": {"shape": "Data"},
    }
    metadata = {"protocol": "rest-json", "endpointPrefix": "example"}
    definition = {"metadata": metadata, "operations": {"Do": operation}, "shapes": shapes}
    return compile_model(definition, constraints=constraints)


def parse(model: Model, body: bytes, headers: dict[str, str] | None = None) -> dict[str, Any]:
    return model.operations["Do"].parse(Parts({}, [], headers or {}, body))


def members(**shapes: Any) -> dict[str, Any]:
    """Shapes for a "Data" with one member a shape, of the same name in lower case."""
    data = {
        "type": "structure",
        "members": {name.lower(): {"shape": name} for name in shapes},
    }
    return {**shapes, "Data": data}


def test_four_models_are_ready_quickly() -> None:
    code = (
        "import time; from hubbub.wire import load_model; started = time.perf_counter();"
        f"models = [load_model(name) for name in {SERVICES}];"
        "[(each.parse, each.write) for model in models for each in model.operations.values()];"
        "import sys; assert 'botocore' not in sys.modules;"
        "print(time.perf_counter() - started)"
    )
    best = min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(3)
    )
    assert best < 0.3


def test_the_newest_model_is_taken() -> None:
    model = load_model("ivschat")
    assert (model.name, model.signing_name, len(model.operations)) == ("ivschat", "ivschat", 17)


def test_unknown_services_and_other_protocols() -> None:
    with pytest.raises(ModelError, match="no service no-such-service"):
        load_model("no-such-service")
    with pytest.raises(ModelError, match="rest-json"):
        load_model("sqs")


def test_constraints_replace_those_of_the_model() -> None:
    shapes = members(Name={"type": "string", "pattern": "[a-z]+", "max": 3})

    assert parse(model_of(shapes, Name={"pattern": None}), b'{"name":"A!"}') == {"name": "A!"}
    with pytest.raises(ValidationFailure):
        parse(model_of(shapes, Name={"max": 1}), b'{"name":"ab"}')
    with pytest.raises(ModelError, match="Nmae"):
        model_of(shapes, Nmae={"max": 1})


def test_a_pattern_that_cannot_be_translated_is_not_checked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = model_of(members(Name={"type": "string", "pattern": "("}))

    assert parse(model, b'{"name":"x"}') == {"name": "x"}
    assert "Name" in caplog.text


def test_all_failures_with_their_paths() -> None:
    shapes = members(
        Names={"type": "list", "member": {"shape": "Name"}, "max": 2},
        Tags={"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Count"}},
    )
    shapes["Name"] = {"type": "string", "min": 2}
    shapes["Count"] = {"type": "integer", "max": 5}
    shapes["Data"]["required"] = ["names", "other"]
    shapes["Data"]["members"]["other"] = {"shape": "Count"}

    with pytest.raises(ValidationFailure) as invalid:
        parse(model_of(shapes), b'{"names":["ab","c","d"],"tags":{"x":9}}')

    assert invalid.value.failures == (
        Failure("names", "must have at most 2 items"),
        Failure("names.1", "must have a length at least 2"),
        Failure("tags.key", "must have a length at least 2"),
        Failure("tags.value", "must be at most 5"),
        Failure("other", "must not be null"),
    )


def test_the_number_of_failures_is_bounded() -> None:
    shapes = members(Names={"type": "list", "member": {"shape": "Name"}})
    shapes["Name"] = {"type": "string", "min": 2}

    with pytest.raises(ValidationFailure) as invalid:
        parse(model_of(shapes), b'{"names":[' + b'"",' * 9999 + b'""]}')

    assert len(invalid.value.failures) == 100


def test_what_cannot_be_read_wins_over_what_is_not_allowed() -> None:
    shapes = members(Name={"type": "string", "min": 2}, Count={"type": "integer"})
    with pytest.raises(SerializationFailure):
        parse(model_of(shapes), b'{"name":"","count":"x"}')


def test_recursive_shapes_nested_without_end() -> None:
    shapes = members(Inner={"type": "structure", "members": {"inner": {"shape": "Inner"}}})
    model = model_of(shapes)
    for depth in (10, 1000, 200_000):
        body = b'{"inner":' * depth + b"{}" + b"}" * depth
        if depth == 10:
            assert parse(model, body)
        else:
            with pytest.raises(SerializationFailure):
                parse(model, body)


def test_documents_are_taken_as_they_are_up_to_a_depth() -> None:
    model = model_of(members(Any={"type": "structure", "document": True, "members": {}}))

    assert parse(model, b'{"any":[1,null,{"a":[]}]}') == {"any": [1, None, {"a": []}]}
    with pytest.raises(SerializationFailure):
        parse(model, b'{"any":' + b"[" * 200 + b"]" * 200 + b"}")


def test_json_in_strings_and_headers() -> None:
    shapes = members(Text={"type": "string"})
    shapes["Data"]["members"] = {
        "body": {"shape": "Text", "jsonvalue": True},
        "head": {"shape": "Text", "jsonvalue": True, "location": "header", "locationName": "X-J"},
    }
    model = model_of(shapes)

    given = parse(model, b'{"body":"[1]"}', {"x-j": "eyJhIjoxfQ=="})
    answer = model.operations["Do"].write(given)

    assert given == {"body": [1], "head": {"a": 1}}
    assert answer.body == b'{"body":"[1]"}'
    assert (b"x-j", b"eyJhIjoxfQ==") in answer.headers
    for body in (b'{"body":"["}', b'{"body":[1]}'):
        with pytest.raises(SerializationFailure):
            parse(model, body)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("byte", [b"127", b"-128"], [b"128", b"-129"]),
        ("short", [b"32767"], [b"32768"]),
        ("integer", [b"2147483647", b"-0"], [b"2147483648", b"1.0", b"1e2", b"true"]),
        ("long", [b"9223372036854775807"], [b"9223372036854775808", b"-9223372036854775809"]),
        ("double", [b"1", b"-1.5e300", b'"NaN"'], [b"1e999", b'"1"', b"true", b'"nan"']),
        ("boolean", [b"true", b"false"], [b"0", b'"true"']),
        ("blob", [b'""', b'"YQ=="'], [b'"YQ"', b'"Y-=="', b'"====\\n"', b"5", b'"YQ==YQ=="']),
        ("string", [b'""', b'"\\u0000"'], [b"5", b"[]", b"{}"]),
    ],
)
def test_types_are_strict(kind: str, good: list[bytes], bad: list[bytes]) -> None:
    model = model_of(members(Value={"type": kind}))
    for value in good:
        assert "value" in parse(model, b'{"value":%s}' % value)
    for value in bad:
        with pytest.raises(SerializationFailure):
            parse(model, b'{"value":%s}' % value)


def test_members_without_a_value_are_left_out_of_answers() -> None:
    shapes = members(Name={"type": "string"}, Time={"type": "timestamp"})
    write = model_of(shapes).operations["Do"].write

    assert write({"name": None, "time": None}).body == b"{}"
    assert write({"name": "", "unknown": 1}).body == b'{"name":""}'
    assert write({"time": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)}).body == b'{"time":1.0}'
    assert write({"time": 1_500_999}).body == b'{"time":1.5}'


def test_headers_of_answers_hold_no_line_breaks() -> None:
    shapes = members(Name={"type": "string"})
    shapes["Data"]["members"]["name"].update(location="header", locationName="X-Name")

    answer = model_of(shapes).operations["Do"].write({"name": "a\r\nSet-Cookie: b"})

    assert (b"x-name", b"a  Set-Cookie: b") in answer.headers


def test_a_long_list_of_wrong_items_is_refused_at_once() -> None:
    shapes = members(Names={"type": "list", "member": {"shape": "Name"}, "max": 3})
    shapes["Name"] = {"type": "string", "pattern": "[a-z]+"}
    body = b'{"names":[' + b'"A",' * 250_000 + b'"A"]}'
    started = time.perf_counter()

    with pytest.raises(ValidationFailure) as invalid:
        parse(model_of(shapes), body)

    assert len(invalid.value.failures) == 4
    assert time.perf_counter() - started < 1


def test_a_status_of_success_can_be_other_than_the_models() -> None:
    model = load_model("chime-sdk-meetings", statuses={"CreateMeeting": 201})
    assert model.operations["CreateMeeting"].write({}).status == 201
    assert model.operations["GetMeeting"].write({}).status == 200
    with pytest.raises(ModelError, match="CreateMeting"):
        load_model("chime-sdk-meetings", statuses={"CreateMeting": 201})


@pytest.mark.parametrize(
    ("seconds", "header"), [(None, {}), (5, {"retry-after": "5"})], ids=["never", "told"]
)
def test_the_unavailable_may_say_when_to_come_again(
    seconds: int | None, header: dict[str, str]
) -> None:
    model = load_model("chime-sdk-meetings")
    error = ServiceError("ServiceUnavailableException", "Later.")
    answer = model.write_error(error, CodeMessageStyle(retry_seconds=seconds), "id")
    assert answer.status == 503
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    assert headers == {
        "content-type": "application/json",
        "x-amzn-errortype": "ServiceUnavailableException",
        **header,
    }
    assert answer.body == b'{"Code":"ServiceUnavailable","Message":"Later."}'
