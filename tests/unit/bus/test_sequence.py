"""Publications in order, each at most once, all or a gap reported."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.bus.sequence import Entry, Phase, TopicSequence


def entry(number: int, epoch: int = 1) -> Entry:
    return Entry(epoch, number, b"%d" % number, "")


def live(number: int = 0, epoch: int = 1) -> TopicSequence:
    sequence = TopicSequence()
    assert sequence.record(epoch, number, []) == ([], False)
    return sequence


def test_a_new_subscriber_hears_only_what_follows_the_record() -> None:
    sequence = TopicSequence()
    assert not sequence.arrive(entry(4))
    assert sequence.record(1, 4, []) == ([], False)
    assert sequence.arrive(entry(5))
    assert not sequence.arrive(entry(5))
    assert not sequence.arrive(entry(3))


def test_the_first_publication_ever() -> None:
    sequence = live(0, epoch=0)
    assert sequence.arrive(entry(1, epoch=7))
    assert sequence.arrive(entry(2, epoch=7))


def test_a_new_numbering_begins_with_one() -> None:
    sequence = live(9)
    assert sequence.arrive(entry(1, epoch=2))
    assert sequence.phase is Phase.LIVE


def test_a_jump_asks_for_the_record_and_loses_nothing() -> None:
    sequence = live(1)
    assert not sequence.arrive(entry(4))
    assert sequence.phase is Phase.LATE
    assert not sequence.arrive(entry(5))
    missed, gap = sequence.record(1, 4, [entry(2), entry(3), entry(4)])
    assert missed == [entry(2), entry(3), entry(4), entry(5)]
    assert not gap
    assert sequence.arrive(entry(6))


def test_after_a_loss_missed_ones_come_from_the_record() -> None:
    sequence = live(1)
    sequence.lose()
    assert not sequence.arrive(entry(4))
    assert sequence.record(1, 4, [entry(2), entry(3), entry(4)]) == (
        [entry(2), entry(3), entry(4)],
        False,
    )


def test_what_is_kept_no_more_is_a_gap_and_life_goes_on_behind_it() -> None:
    sequence = live(1)
    sequence.lose()
    assert sequence.record(1, 9, [entry(8), entry(9)]) == ([], True)
    assert not sequence.arrive(entry(9))
    assert sequence.arrive(entry(10))


def test_nothing_missed_is_no_gap() -> None:
    sequence = live(5)
    sequence.lose()
    assert sequence.record(1, 5, []) == ([], False)
    assert sequence.arrive(entry(6))


def test_a_server_that_forgot_the_topic_starts_anew() -> None:
    sequence = live(5)
    sequence.lose()
    assert sequence.record(0, 0, []) == ([], False)
    assert sequence.arrive(entry(1, epoch=2))


def test_a_numbering_that_began_meanwhile_is_taken_from_its_start() -> None:
    sequence = live(5)
    sequence.lose()
    kept = [entry(1, epoch=2), entry(2, epoch=2)]
    assert sequence.record(2, 2, kept) == (kept, False)


def test_a_numbering_that_began_meanwhile_and_is_not_kept_whole_is_a_gap() -> None:
    sequence = live(5)
    sequence.lose()
    assert sequence.record(2, 3, [entry(2, epoch=2), entry(3, epoch=2)]) == ([], True)


def test_a_loss_before_the_record_leaves_it_fresh() -> None:
    sequence = TopicSequence()
    sequence.lose()
    assert sequence.phase is Phase.FRESH


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(["publish", "lose", "return", "record"]), max_size=60),
    st.integers(1, 6),
)
def test_any_course_of_losses(course: list[str], keep: int) -> None:
    """A server that numbers and keeps some, a connection that comes and goes."""
    sequence = live(0)
    published = 0
    delivered: list[int] = []
    connected, asked = True, False

    def record() -> None:
        nonlocal asked
        asked = False
        kept = range(max(sequence.number, published - keep) + 1, published + 1)
        missed, gap = sequence.record(1, published, [entry(number) for number in kept])
        delivered.extend(each.number for each in missed)
        if gap:
            delivered.extend(range(len(delivered) + 1, published + 1))

    for step in course:
        if step == "publish":
            published += 1
            if connected and sequence.arrive(entry(published)):
                delivered.append(published)
        elif step == "lose" and connected:
            connected = asked = False
            sequence.lose()
        elif step == "return" and not connected:
            connected = asked = True
        elif step == "record" and asked:
            record()
    if not connected or asked:
        record()
    assert delivered == list(range(1, published + 1))
