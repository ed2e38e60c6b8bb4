import pytest

from hubbub.wire import Arn, ArnError

ROOM = "arn:aws:ivschat:us-west-2:123456789012:room/abC123dEf456"


@pytest.mark.parametrize(
    "text", [ROOM, "arn:aws:lambda:us-west-2:123456789012:function:review:1", "arn:aws:s3:::b/k"]
)
def test_a_parsed_arn_is_written_as_it_was(text: str) -> None:
    assert str(Arn.parse(text)) == text


def test_parts() -> None:
    arn = Arn.parse(ROOM)

    assert arn == ("aws", "ivschat", "us-west-2", "123456789012", "room/abC123dEf456")
    assert (arn.resource_type, arn.resource_id) == ("room", "abC123dEf456")
    assert Arn.parse("arn:aws:sns:r:a:topic").resource_id == ""


@pytest.mark.parametrize(
    "text",
    ["", "arn", "urn:aws:a:b:c:d", "arn:aws:ivschat:us-west-2:1", "arn::s:r:a:x", "arn:a:s:r:a:"],
)
def test_what_is_no_arn(text: str) -> None:
    with pytest.raises(ArnError):
        Arn.parse(text)
