"""One turn of one contestant in one contest; ``conftest.py`` puts them in order."""

from __future__ import annotations

from typing import Any


def test_turn(benchmark: Any, field: Any, contestant: str) -> None:
    entry, iterations = field.enter(contestant)
    contest = field.contest
    benchmark.group = contest.group
    benchmark.extra_info.update(**contest._asdict(), size=contest.size, nbytes=field.nbytes, contestant=contestant)
    benchmark.extra_info["without_digits"] = field.without_digits.get(contestant, 0)
    try:
        with entry.context():
            benchmark.pedantic(entry.call, entry.args, entry.kwargs, rounds=1, iterations=iterations)
    except Exception as error:  # whatever goes wrong in another library
        field.leave_out(contestant, error)
    field.turns[contestant] += 1
