"""Whatever comes as an offer: an answer, or BadOffer."""

from __future__ import annotations

from hypothesis import given, settings, strategies

from hubbub.meetings.sdp import BadOffer, Wanted
from tests.unit.meetings.sdp.recorded import MINIMAL, negotiation, offer, sections

LINES = sorted(
    {
        line
        for name in ("join", "camera", "simulcast", "stopped")
        for line in offer(name).split("\r\n")
        if line
    }
)
WANTED = (Wanted(2, 300, True), Wanted(3, 1_200, False))


def serve(text: str) -> None:
    try:
        answer = negotiation().answer(text, [0, 7, 8, 9], WANTED)
    except BadOffer:
        return
    offered = [line for line in text.replace("\r\n", "\n").split("\n") if line.startswith("m=")]
    assert len(sections(answer.text)) == len(offered) + 1


@settings(max_examples=100)
@given(strategies.text(max_size=300))
def test_text(text: str) -> None:
    serve(text)
    serve(MINIMAL + text)


@settings(max_examples=100)
@given(strategies.lists(strategies.sampled_from(LINES), max_size=40))
def test_lines_of_real_offers_in_any_order(lines: list[str]) -> None:
    serve("\r\n".join(["v=0", *lines, ""]))
    serve(MINIMAL + "\r\n".join([*lines, ""]))


@settings(max_examples=100)
@given(
    strategies.sampled_from(["join", "simulcast"]),
    strategies.integers(0, 5_000),
    strategies.integers(0, 40),
    strategies.text(alphabet="0129 :;=/a\r\nm", max_size=12),
)
def test_real_offers_with_a_piece_replaced(name: str, at: int, length: int, piece: str) -> None:
    text = offer(name)
    serve(text[:at] + piece + text[at + length :])
