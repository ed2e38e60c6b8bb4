from __future__ import annotations

from collections.abc import Callable

from hubbub.sockets.wheel import Wheel


class Visited:
    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.due = 0
        self.visits: list[int] = []
        self.then = then

    def visit(self, now: int) -> None:
        self.visits.append(now)
        self.then()


def make() -> tuple[Wheel, list[str]]:
    errors: list[str] = []
    return Wheel(lambda: errors.append("error")), errors


def test_a_waiter_is_visited_once_when_due() -> None:
    wheel, _ = make()
    waiter = Visited()
    wheel.wait(waiter, 3)
    wheel.turn(3)
    assert waiter.visits == []
    wheel.turn(10)
    assert waiter.visits == [4]
    assert len(wheel) == 0


def test_a_later_wish_replaces_the_earlier() -> None:
    wheel, _ = make()
    waiter = Visited()
    wheel.wait(waiter, 3)
    wheel.wait(waiter, 5)
    wheel.turn(20)
    assert waiter.visits == [6]


def test_who_is_forgotten_is_not_visited_and_not_held() -> None:
    wheel, _ = make()
    waiter = Visited()
    wheel.wait(waiter, 3)
    wheel.forget(waiter)
    assert len(wheel) == 0
    wheel.turn(20)
    assert waiter.visits == []
    wheel.forget(waiter)


def test_a_visit_may_wait_again_and_forget_others_of_the_same_tick() -> None:
    wheel, _ = make()
    other = Visited()

    def once() -> None:
        wheel.forget(other if waiter.due == 0 else waiter)
        if len(waiter.visits) == 1:
            wheel.wait(waiter, 0)

    waiter = Visited(once)
    wheel.wait(waiter, 1)
    wheel.wait(other, 1)
    wheel.turn(9)
    assert waiter.visits == [2, 3]
    assert other.visits in ([], [2])


def test_a_failing_visit_does_not_stop_the_wheel() -> None:
    wheel, errors = make()

    def fail() -> None:
        raise RuntimeError("meant to")

    bad, good = Visited(fail), Visited()
    wheel.wait(bad, 1)
    wheel.wait(good, 1)
    wheel.turn(5)
    assert good.visits == [2]
    assert errors == ["error"]
