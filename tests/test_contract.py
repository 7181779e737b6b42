"""Laws that every public callable keeps, whatever it computes: tested for all rows of the catalogue.

A law is a generator of complaints about a row. The plain call, of contiguous arrays of their own, says what is right.
"""

import copy
import itertools
import pickle
import threading

import numpy as np
import pytest
from catalogue import TABLE, public_callables
from contract import Case, cases_of, difference
from placements import OVERLAPS, PLACEMENTS, overlapping, placed

ANY_ERROR = (TypeError, ValueError)
NUMPY_2 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"
BIG = {1: (20_011,), 2: (67, 300)}
"""Of more than one piece, by the number of axes."""


def large(row):
    """A case of several pieces."""
    shape = BIG[len(row.shapes[-1])] if row.leading else row.shapes[-1]
    return Case(row, *row.ways[-1], shape, np.float32)


def cases_of_memory(row):
    shorter, short = row.shapes[-3:-1]
    return [*cases_of(row, [short], [np.float32]), *cases_of(row, [shorter], [np.float64]), large(row)]


def placements_of(case):
    """All of them for one piece; for several pieces two are enough."""
    return PLACEMENTS if case.shape in case.row.shapes else ("reversed", "every fourth")


def read_only(array):
    view = array.view()
    view.flags.writeable = False
    return view


# What is read


def layout(row):
    """The layout of an argument, or of all, changes no bit of a result, and no argument changes."""
    for case in cases_of_memory(row):
        arrays = case.arrays
        for placement in placements_of(case):
            alone = [[name] for name in arrays if len(arrays) > 1 and case.shape in row.shapes]
            for chosen in [*alone, list(arrays)]:
                copies = {name: placed(array, placement) for name, array in arrays.items() if name in chosen}
                outcome = case.outcome({name: given.array for name, given in copies.items()})
                problem = difference(outcome, case.expected)
                for name, given in copies.items():
                    if not (given.unchanged_around() if name == row.changes else given.unchanged()):
                        problem = f"{name} was changed"
                if problem:
                    yield f"{case}: {' and '.join(chosen)} {placement}: {problem}"


def other_forms(case):
    """Other things that hold the same numbers as arguments, by what they are."""
    arrays = {name: array for name, array in case.arrays.items() if name != case.row.changes}
    yield "read-only", {name: read_only(array) for name, array in arrays.items()}
    if case.dtype == np.float64:
        yield "lists", {name: array.tolist() for name, array in arrays.items()}
    if case.shape == ():
        yield "numbers", {name: array[()] for name, array in arrays.items()}


def form(row):
    """Read-only arrays, lists and numbers are as good as arrays."""
    for case in cases_of(row, row.shapes[:-1]):
        for what, changed in other_forms(case):
            for chosen in [[name] for name in changed] + [list(changed)]:
                problem = difference(case.outcome({name: changed[name] for name in chosen}), case.expected)
                if problem:
                    yield f"{case}: {' and '.join(chosen)} as {what}: {problem}"


def repeated(row):
    """An array that stands still in memory along an axis counts as what it looks like."""
    for case in cases_of_memory(row):
        for name, array in case.arrays.items():
            if array.ndim == 0 or name == row.changes:
                continue
            still = np.broadcast_to(array[:1], array.shape)
            problem = difference(case.outcome({name: still}), case.outcome({name: still.copy()}))
            if problem:
                yield f"{case}: {name} with stride 0: {problem}"


def many_axes(row):
    """Axes of length 1 before all others add themselves to the results, and nothing else, also more than 32."""
    if not row.leading:
        return
    axes = (1,) * (40 if NUMPY_2 else 25)
    for case in cases_of(row, row.shapes[-2:]):
        if isinstance(case.expected, Exception) or case.settings.get("axis", -1) != -1:
            continue
        batched = [name for name, array in case.arrays.items() if array.shape[:1] == case.shape[:1]]
        for order in ("C", "F"):
            changed = {name: case.given[name].reshape(axes + case.given[name].shape) for name in batched}
            changed = {name: array.copy(order) for name, array in changed.items()}
            outcome = case.outcome(changed)
            expected = [
                np.reshape(r, axes + np.shape(r)) if np.shape(r)[:1] == case.shape[:1] else r for r in case.expected
            ]
            problem = difference(outcome, expected)
            if problem:
                yield f"{case} with {len(axes)} more axes: {problem}"


def emptiness(row):
    """Of nothing the results are nothing, of the right shapes."""
    if not row.leading:
        return
    length = {1: 17, 2: 5}[len(row.shapes[-1])]
    for case in cases_of(row, [(length, *row.shapes[-1][1:])]):
        if case.settings.get("reduction") is None and "reduction" in row.settings:
            continue  # the mean of nothing is an error
        if isinstance(case.expected, Exception) or case.settings.get("axis", -1) != -1:
            continue
        empty = {name: array[:0] for name, array in case.arrays.items() if array.shape[:1] == (length,)}
        outcome = case.outcome(empty)
        expected = [r[:0] if np.shape(r)[:1] == (length,) else np.zeros_like(r) for r in case.expected]
        problem = difference(outcome, expected)
        if problem:
            yield f"{case} of nothing: {problem}"


def same_object(row):
    """One array for two arguments is the same as two equal ones."""
    for case in cases_of(row):
        arrays = list(case.arrays.items())
        for index, (name, array) in enumerate(arrays):
            for other, like in arrays[index + 1 :]:
                if row.changes or array.shape != like.shape or array.dtype != like.dtype:
                    continue
                problem = difference(
                    case.outcome({name: array, other: array}), case.outcome({name: array, other: array.copy()})
                )
                if problem:
                    yield f"{case}: {name} and {other} are one array: {problem}"


def types(row):
    """Numbers of another type count as converted to the results', which is the widest floating-point type."""
    for case in cases_of(row, row.shapes[-2:-1]):
        typed = {argument.name for argument in row.arguments if argument.typed}
        floats = {name: array for name, array in case.arrays.items() if array.dtype.kind == "f" and name != row.changes}
        for name, array in floats.items():
            for kind in map(np.dtype, ("f4", "f8", "i1", "u8", "?")):
                given = (np.abs(array) if kind.kind in "bu" else array).astype(kind)
                met = [kind] * (kind.kind == "f" and name in typed) + [case.dtype] * bool(typed & {*floats} - {name})
                dtype = np.result_type(*met) if met else np.float64
                converted = {other: array.astype(dtype) for other, array in floats.items()} if typed else {}
                expected = case.outcome({**converted, name: given.astype(dtype)})
                problem = difference(case.outcome({name: given}), expected)
                if problem:
                    yield f"{case}: {name} of {kind}: {problem}"
        for name, array in case.arrays.items():
            for kind in ("i1", "u1", "i4", "u8", ">i2", "longlong") if array.dtype.kind == "i" else ():
                problem = difference(case.outcome({name: array.astype(kind)}), case.expected)
                if problem:
                    yield f"{case}: {name} of {kind}: {problem}"


# What is written


def out_anywhere(row):
    """``out`` may be anywhere, is given back, and nothing beside it is written."""
    for case in cases_of_memory(row):
        for placement in placements_of(case) if case.takes_out else ():
            for arguments_placement in {"c", placement}:
                outs = [placed(np.full_like(result, 7), placement) for result in case.results_for_out]
                arguments = {name: placed(array, arguments_placement) for name, array in case.arrays.items()}
                given = {name: copy.array for name, copy in arguments.items()}
                outcome = case.outcome(given, [out.array for out in outs])
                problem = difference(outcome, case.expected)
                if not problem and any(outcome[k] is not out.array for k, out in zip(row.outs, outs, strict=True)):
                    problem = "something else than out is returned"
                if not all(out.unchanged_around() for out in outs):
                    problem = "something beside out was written to"
                if not all(copy.unchanged() for copy in arguments.values()):
                    problem = "an argument was changed"
                if problem:
                    yield f"{case}: out {placement}, arguments {arguments_placement}: {problem}"


def out_over_an_argument(row):
    """``out`` may lie over any argument, in any way: what is read is what was there."""
    for case in cases_of_memory(row):
        for which in range(len(row.outs)) if case.takes_out else ():
            results = case.results_for_out
            for name, array in case.arrays.items():
                for overlap in OVERLAPS if case.shape in row.shapes else ("one later", "backwards"):
                    read, written = overlapping(array, results[which], overlap)
                    outs = [written.array if k == which else np.full_like(r, 7) for k, r in enumerate(results)]
                    problem = difference(case.outcome({name: read}, outs), case.expected)
                    if not written.unchanged_around():
                        problem = "something beside out was written to"
                    if problem:
                        yield f"{case}: out {which} over {name}, {overlap}: {problem}"


def in_place(row):
    """The arguments may be ``out``, in any order, also if one array is two of them."""
    for case in cases_of(row, row.shapes[-2:-1]):
        results = case.results_for_out if case.takes_out else []
        like = {
            name for name, a in case.arrays.items() if results and a.shape == results[0].shape and a.dtype == case.dtype
        }
        for names in itertools.permutations(sorted(like), len(results)) if results else ():
            copies = {name: placed(case.arrays[name]) for name in names}
            arrays = {name: copy.array for name, copy in copies.items()}
            problem = difference(case.outcome(arrays, list(arrays.values())), case.expected)
            if not all(copy.unchanged_around() for copy in copies.values()):
                problem = "something beside out was written to"
            if problem:
                yield f"{case}: out is {' and '.join(names)}: {problem}"
        for names in itertools.combinations(sorted(like), 2) if len(results) == 1 else ():
            one = case.arrays[names[0]].copy()
            expected = case.outcome(dict.fromkeys(names, one.copy()))
            problem = difference(case.outcome(dict.fromkeys(names, one), [one]), expected)
            if problem:
                yield f"{case}: {' and '.join(names)} and out are one array: {problem}"


def refusal(outcome):
    """How an outcome is not an error that the caller is to blame for."""
    if not isinstance(outcome, Exception):
        return "no error"
    return "" if isinstance(outcome, ANY_ERROR) else repr(outcome)


def outs_twice(row):
    """One array for two results, or two that share elements, is an error, and nothing is written."""
    for case in cases_of(row, row.shapes[-2:]):
        if not case.takes_out or not row.tuple_out:
            continue
        first, second, *rest = case.results_for_out
        if first.shape != second.shape:
            continue
        for overlap in ("the same", "one later", "backwards"):
            one, placed_other = overlapping(np.full_like(first, 7), second, overlap)
            outcome = case.outcome(out=[one, placed_other.array, *map(np.empty_like, rest)])
            problem = refusal(outcome)
            if not placed_other.unchanged():
                problem += " and something was written"
            if problem:
                yield f"{case}: out twice, {overlap}: {problem}"


def complaint_of_error(case, changed, wrong_outs=None, may_pass=False):
    """How a call that must fail does not, or not as it should: with nothing written."""
    outs = [
        placed(np.full_like(result, 7), "every fourth") for result in (case.results_for_out if case.takes_out else [])
    ]
    arguments = {name: placed(array) for name, array in case.arrays.items() if name not in changed}
    given = [(wrong_outs or {}).get(k, out.array) for k, out in enumerate(outs)] or None
    outcome = case.outcome({**{name: copy.array for name, copy in arguments.items()}, **changed}, given)
    if may_pass and not isinstance(outcome, Exception):
        return ""
    problem = refusal(outcome)
    if not all(out.unchanged() for out in outs):
        problem += " and out was written to"
    if not all(copy.unchanged() for copy in arguments.values()):
        problem += " and an argument was changed"
    return problem


def wrong_arguments(row):
    """An argument of a wrong type, shape or value is a TypeError or a ValueError, and nothing is written then."""
    for case in cases_of(row, row.shapes[-2:-1], [np.float32]):
        for name, array in case.arrays.items():
            for kind in (complex, str, object):
                problem = complaint_of_error(case, {name: array.astype(kind)})
                if problem:
                    yield f"{case}: {name} of {kind.__name__}: {problem}"
            for axis in {0, array.ndim - 1} if array.ndim else ():
                longer = np.concatenate([array, array, array], axis)
                problem = complaint_of_error(case, {name: longer}, may_pass=True)  # some other shapes are fine
                if problem:
                    yield f"{case}: {name} three times as long along axis {axis}: {problem}"
    refused = {argument.name: argument.refused for argument in row.arguments if argument.refused is not None}
    for case in [*cases_of(row, row.shapes[-2:-1]), large(row)] if refused else ():
        for name in refused.keys() & case.arrays.keys():
            for placement in ("c", "every fourth"):
                wrong = placed(case.arrays[name], placement).array
                wrong[(-1,) * wrong.ndim] = refused[name]
                problem = complaint_of_error(case, {name: wrong})
                if problem:
                    yield f"{case}: {name}, {placement}, ends in {refused[name]}: {problem}"


WRONG_OUTS = {
    "longer": lambda result: np.full((*result.shape[:-1], 1 + sum(result.shape[-1:])), 7, result.dtype),
    "of integers": lambda result: np.full(result.shape, 7, np.int32),
    "of the other type": lambda result: np.full(result.shape, 7, {"f": "d", "d": "f"}[result.dtype.char]),
    "read-only": lambda result: read_only(np.full_like(result, 7)),
    "a list": lambda result: np.full_like(result, 7).tolist(),
}


def wrong_out(row):
    """So is an ``out`` that does not fit, of which nothing is written to either."""
    for case in cases_of(row, row.shapes[-2:-1]):
        for k, result in enumerate(case.results_for_out if case.takes_out else []):
            for what, make in WRONG_OUTS.items():
                wrong = make(result)
                problem = complaint_of_error(case, {}, {k: wrong})
                if not np.array_equal(wrong, make(result)):
                    problem += " and it was written to"
                if problem:
                    yield f"{case}: out {k} is {what}: {problem}"
            integers = {name: array.astype(np.int8) for name, array in case.arrays.items() if array.dtype.kind == "f"}
            narrow = placed(np.full(result.shape, 7, np.int8))
            problem = complaint_of_error(case, integers, {k: narrow.array})
            if problem or not narrow.unchanged():
                yield f"{case}: arguments and out {k} of int8: {problem}"


# What is computed


def special_numbers(row):
    """No number gives a warning, and none is an error but those outside the domain, and these are a ValueError."""
    for case in cases_of(row, row.shapes[-2:-1]):
        info = np.finfo(case.dtype)
        tiny = (info.tiny, info.smallest_subnormal, -info.smallest_subnormal, 1e-30, 0.0, -0.0)
        for number in (np.nan, np.inf, -np.inf, info.max, info.min, 1e30, *tiny):
            for name, array in case.arrays.items():
                for where in ((-1,) * array.ndim, ...) if array.dtype.kind == "f" else ():
                    changed = array.copy()
                    changed[where] = number
                    outcome = case.outcome({name: changed})
                    if isinstance(outcome, Exception) and type(outcome) is not ValueError:
                        yield f"{case}: {name} is {number} {'everywhere' if where is ... else 'once'}: {outcome!r}"


def threads(row):
    """Threads that call one function with different settings get what each gets alone."""
    cases = list(cases_of(row, row.shapes[-1:])) if row.settings else []
    problems = []

    def work(case):
        for _ in range(10):
            problem = difference(case.outcome(), case.expected)
            if problem:
                problems.append(f"{case}: {problem}")

    for case in cases:
        assert not isinstance(case.expected, Exception)
    workers = [threading.Thread(target=work, args=[case]) for case in cases]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    yield from problems


LAWS = (layout, emptiness, same_object, in_place, wrong_arguments, special_numbers)
OF_ANY_BUILD = (
    form,
    repeated,
    many_axes,
    types,
    out_anywhere,
    out_over_an_argument,
    outs_twice,
    wrong_out,
    threads,
)
"""Laws about what happens to arguments before a kernel runs and to results after it."""


@pytest.mark.parametrize("row", TABLE.values(), ids=list(TABLE))
@pytest.mark.parametrize(
    "law",
    [
        pytest.param(law, id=law.__name__, marks=[pytest.mark.any_build] * (law in OF_ANY_BUILD))
        for law in (*LAWS, *OF_ANY_BUILD)
    ],
)
def test_law(law, row):
    complaints = list(law(row))
    assert not complaints, "\n".join(complaints)


@pytest.mark.any_build
@pytest.mark.parametrize("path", list(public_callables()))
def test_every_public_callable_has_a_row(path):
    assert path in {row.path for row in TABLE.values()}, f"{path} needs a row in tests/catalogue.py"


@pytest.mark.any_build
@pytest.mark.parametrize("path", [path for path in public_callables() if not path.endswith(".step")])
def test_copies_and_pickles_of_a_function_are_the_function(path):
    function = TABLE[path].function() if path in TABLE else None
    assert pickle.loads(pickle.dumps(function)) is function
    assert copy.copy(function) is function
    assert copy.deepcopy(function) is function
