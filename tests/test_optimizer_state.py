"""Runs that are stopped and go on: state in dictionaries, files and copies; and states that do not fit."""

import copy
import os
import pickle
import zipfile

import numpy as np
import pytest
from layouts import LAYOUTS
from updates import WAYS, each_kind, each_update, each_way, made, optimizer_of

import fastnn as nn

opt = nn.optimizers


def data(steps=9, dtype=np.float64):
    rng = np.random.default_rng(0)
    shapes = {"weight": (6, 5), "bias/of": (5,), "a~b": (2, 3, 2)}
    arrays = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    return arrays, [{n: rng.normal(size=s).astype(dtype) for n, s in shapes.items()} for _ in range(steps)]


def copied(arrays):
    return {name: array.copy() for name, array in arrays.items()}


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert np.array_equal(array, second[name]), name


def plain(state):
    """With keys as text and lists for arrays, whose byte order pickle changes."""
    if isinstance(state, dict):
        return {str(name): plain(part) for name, part in state.items()}
    return state.tolist() if isinstance(state, np.ndarray) else state


def by_dictionary(optimizer, new, path):
    new.load_state_dict(optimizer.state_dict())
    return new


def by_file(optimizer, new, path):
    optimizer.save(path)
    new.load(path)
    return new


WAYS_ON = {
    "state_dict": by_dictionary,
    "file": by_file,
    "pickle": lambda optimizer, new, path: pickle.loads(pickle.dumps(optimizer)),
    "deepcopy": lambda optimizer, new, path: copy.deepcopy(optimizer),
    "copy": lambda optimizer, new, path: copy.copy(optimizer),
}
each_way_on = pytest.mark.parametrize("go_on", WAYS_ON.values(), ids=WAYS_ON)


def assert_resumes(make, go_on, path, arrays, gradients, stop, before=lambda optimizer: None):
    """A run that is stopped and goes on gives the bits of one that is not; what it was stopped with changes no more."""
    straight, expected = make(), copied(arrays)
    for gradient in gradients:
        straight.step(expected, gradient)
    first, got = make(), copied(arrays)
    for gradient in gradients[:stop]:
        first.step(got, gradient)
    before(first)
    state = plain(first.state_dict())
    second = go_on(first, make(), path)
    assert (second.steps, second.calls, second.skipped) == (first.steps, first.calls, first.skipped)
    for gradient in gradients[stop:]:
        second.step(got, gradient)
    assert_same(got, expected)
    assert plain(first.state_dict()) == state
    assert plain(second.state_dict()) == plain(straight.state_dict())
    if straight.has_average:
        straight.evaluate(expected)
        second.evaluate(got)
        assert_same(got, expected)


@each_way_on
@each_way
def test_a_run_goes_on_to_the_bit(way, go_on, tmp_path):
    arrays, gradients = data()
    for stop in (0, 1, 5):
        assert_resumes(lambda: made(way), go_on, tmp_path / "state.npz", arrays, gradients, stop)


OPTIONS = {
    "accumulate": {"accumulate": 3, "clip_norm": 1.0},
    "ema": {"average": opt.ema(), "cautious": True},
    "swa": {"average": opt.swa(1, 2)},
    "lookahead": {"average": opt.lookahead(every=2), "skip_not_finite": True},
    "group": {"groups": [("b*", {"learning_rate": 0.5}), ("a*", nn.adamax())]},
    "group of all": {"groups": [("b*", nn.prodigy()), ("a*", nn.schedule_free_sgd(0.1))], "accumulate": 2},
    "schedule": {"learning_rate": nn.schedules.one_cycle(0.1, 9)},
}


@each_way_on
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@each_update
def test_a_run_with_options_goes_on_to_the_bit(way, options, go_on, tmp_path):
    arrays, gradients = data(12)
    if optimizer_of(way) is nn.muon and "groups" in options:  # which others than matrices are not for
        options = {**options, "groups": [("b*", nn.adam(0.5)), *options["groups"]]}
    for stop in (2, 7):
        assert_resumes(lambda: made(way, **options), go_on, tmp_path / "state.npz", arrays, gradients, stop)


@each_way_on
@pytest.mark.parametrize("dtype", [np.float32, ">f8", "<f8"])
def test_of_any_type(go_on, dtype, tmp_path):
    arrays, gradients = data(dtype=np.dtype(dtype))
    for kind in (nn.adam, nn.adafactor, nn.novograd, nn.muon, nn.asgd):
        assert_resumes(kind, go_on, tmp_path / "state.npz", arrays, gradients, 4)


@each_way_on
@each_kind
def test_sequences(kind, go_on, tmp_path):
    arrays, gradients = data()
    as_list = [*arrays.values()]
    straight, first = kind(), kind()
    expected, got = [[array.copy() for array in as_list] for _ in range(2)]
    for step, gradient in enumerate(gradients):
        straight.step(expected, [*gradient.values()])
        if step == 4:
            first = go_on(first, kind(), tmp_path / "state.npz")
        first.step(got, [*gradient.values()])
    for one, other in zip(got, expected, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("layout", ["fortran", "strided", "middle axis last in memory", "unaligned"])
@each_update
def test_state_that_is_restored_is_laid_out_like_its_parameter(way, layout, tmp_path):
    """A step on it is as fast, and needs no copies."""
    array = LAYOUTS[layout](np.random.default_rng(0).normal(size=(6, 7)))
    optimizer, again = made(way, average=opt.ema()), made(way, average=opt.ema())
    optimizer.step([array], [array.copy()])
    by_file(optimizer, again, tmp_path / "state.npz")
    again.step([array], [array.copy()])
    optimizer.step([array], [array.copy()])
    for one, other in zip(again.members, optimizer.members, strict=True):
        for name, arrays in {**one.state, "average": one.averages}.items():
            like = {**other.state, "average": other.averages}[name]
            assert [array.strides for array in arrays] == [array.strides for array in like]
            assert all(array.flags.writeable for array in arrays)


def test_what_a_state_holds():
    """Plain arrays and numbers, which are copies."""
    optimizer, p = nn.nadam(average=opt.ema(), accumulate=2), {"w": np.ones(3)}
    for _ in range(3):
        optimizer.step(p, {"w": np.ones(3)})
    state = optimizer.state_dict()
    assert {name: state[name] for name in ("kind", "steps", "calls", "skipped")} == {
        "kind": "nadam",
        "steps": 1,
        "calls": 1,
        "skipped": 0,
    }
    assert state["state"]["w"].keys() == {"mean", "square", "average", "accumulated"}
    assert state["numbers"][0].keys() == {"product"}
    assert state["schedules"] == {}
    before = p["w"].copy()
    for array in state["state"]["w"].values():
        assert type(array) is np.ndarray
        array.fill(np.nan)
    optimizer.step(p, {"w": np.ones(3)})
    assert np.isfinite(p["w"]).all()
    assert (p["w"] != before).all()


def test_a_state_that_is_loaded_is_copied():
    state = nn.adam().state_dict()
    optimizer, p = nn.adam(), [np.ones(3)]
    optimizer.step(p, [np.ones(3)])
    state = optimizer.state_dict()
    again = nn.adam()
    again.load_state_dict(state)
    state["state"][0]["mean"].fill(np.nan)
    again.step(p, [np.ones(3)])
    assert np.isfinite(p[0]).all()


def test_a_state_without_the_first_step():
    optimizer = nn.adam()
    optimizer.load_state_dict(nn.adam().state_dict())
    optimizer.step([np.ones(3)], [np.ones(3)])
    assert optimizer.steps == 1


def test_a_state_is_handed_on_before_it_is_used(tmp_path):
    arrays, gradients = data(4)
    one, two, three = nn.adam(), nn.adam(), nn.adam()
    one.step(arrays, gradients[0])
    by_file(one, two, tmp_path / "a.npz")
    by_file(two, three, tmp_path / "b.npz")
    assert str(three.state_dict()["state"]) == str(two.state_dict()["state"])
    expected = copied(arrays)
    one.step(expected, gradients[1])
    three.step(arrays, gradients[1])
    assert_same(arrays, expected)


def test_averages_can_be_evaluated_as_soon_as_they_are_loaded(tmp_path):
    for make in (lambda: nn.sgd(average=opt.ema(0.5)), lambda: nn.schedule_free_sgd(0.1), lambda: nn.asgd(start=1)):
        arrays, gradients = data(5)
        optimizer = make()
        for gradient in gradients:
            optimizer.step(arrays, gradient)
        again = by_file(optimizer, make(), tmp_path / "state.npz")
        got, trained = copied(arrays), copied(arrays)
        optimizer.evaluate(arrays)
        again.evaluate(got)
        assert_same(got, arrays)
        again.train(got)
        assert_same(got, trained)


def test_schedules_that_watch_go_on_where_they_were(tmp_path):
    plateau = nn.schedules.reduce_on_plateau

    def make():
        groups = [("b*", {"learning_rate": plateau(0.5, patience=0)}), ("a*", nn.sgd(plateau(0.25, patience=1)))]
        return nn.sgd(nn.schedules.warmup(2, plateau(1.0, patience=0)), groups=groups)

    for go_on in (by_dictionary, by_file):
        arrays, gradients = data(6)
        straight, first, got = make(), make(), copied(arrays)
        for step, gradient in enumerate(gradients):
            straight.step(arrays, gradient)
            straight.observe(1.0)
            if step == 3:
                first = go_on(first, make(), tmp_path / "state.npz")
            first.step(got, gradient)
            first.observe(1.0)
        assert_same(got, arrays)
        assert str(first.state_dict()["schedules"]) == str(straight.state_dict()["schedules"])
        assert len(first.state_dict()["schedules"]) == 3


def test_what_schedules_saw_before_the_first_step_is_kept():
    make = lambda: nn.sgd(nn.schedules.reduce_on_plateau(1.0, factor=0.5, patience=0))  # noqa: E731
    optimizer, again = make(), make()
    optimizer.observe(1.0)
    optimizer.observe(1.0)
    again.load_state_dict(optimizer.state_dict())
    p = [np.zeros(1)]
    again.step(p, [np.ones(1)])
    assert p[0][0] == -0.5


# Files


def test_files_hold_no_pickles(tmp_path):
    optimizer, p = nn.prodigy(average=opt.ema()), {"a/b": np.ones(3), "é": np.ones((2, 2), np.float32)}
    optimizer.step(p, copied(p))
    optimizer.save(tmp_path / "state")
    assert [path.name for path in tmp_path.iterdir()] == ["state"]  # with no other ending
    with np.load(tmp_path / "state", allow_pickle=False) as file:
        assert {file[name].dtype.kind for name in file.files} <= set("fiU")
        assert "state/a~1b/mean" in file.files


def test_a_file_survives_an_error_while_another_is_written(tmp_path, monkeypatch):
    optimizer, p = nn.adam(), [np.ones(3)]
    optimizer.step(p, [np.ones(3)])
    path = tmp_path / "state.npz"
    optimizer.save(path)
    content = path.read_bytes()
    optimizer.step(p, [np.ones(3)])

    def savez(file, **arrays):
        file.write(b"x" * 10)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)
    with pytest.raises(OSError, match="No space left on device"):
        optimizer.save(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def garbage(path):
    path.write_bytes(b"this is no state at all, but long enough to look at")


def truncated(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def empty(path):
    path.write_bytes(b"")


def an_array(path):
    with path.open("wb") as file:
        np.save(file, np.ones(3))


def other_arrays(path):
    with path.open("wb") as file:
        np.savez(file, a=np.ones(3))


def objects(path):
    with path.open("wb") as file:
        np.savez(file, kind=np.array([print, None], object))


def another_archive(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("kind.npy", "adam")


def numbers_for_arrays(path):
    with path.open("wb") as file:
        np.savez(file, kind="adam", steps=1, state=np.ones(3))


def compressed(path):
    """As no state is: what a file claims to be when it is unpacked may be more than memory holds."""
    with np.load(path) as file:
        np.savez_compressed(path, **file)


def longer(path):
    path.write_bytes(path.read_bytes().replace(b"'shape': (3,)", b"'shape': (9,)"))


SPOILED = garbage, truncated, empty, an_array, other_arrays, objects, another_archive, numbers_for_arrays
SPOILED += compressed, longer


@pytest.mark.parametrize("spoil", SPOILED)
def test_files_that_hold_no_state(spoil, tmp_path):
    optimizer, p = nn.adam(), [np.ones(3)]
    optimizer.step(p, [np.ones(3)])
    path = tmp_path / "state.npz"
    optimizer.save(path)
    spoil(path)
    before = str(optimizer.state_dict())
    with pytest.raises(ValueError, match=r"state\.npz is not a state that adam\(.*\) can load: "):
        optimizer.load(path)
    assert str(optimizer.state_dict()) == before


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        nn.adam().load(tmp_path / "state.npz")


def test_paths_of_any_kind(tmp_path):
    optimizer = nn.sgd()
    for path in (str(tmp_path / "a"), os.fsencode(tmp_path / "b"), tmp_path / "c"):
        optimizer.save(path)
        optimizer.load(path)


# States that do not fit


def stepped(kind=nn.adam, shapes=((3,),)):
    optimizer = kind()
    arrays = [np.ones(shape) for shape in shapes]
    optimizer.step(arrays, [array.copy() for array in arrays])
    return optimizer


def changed_state(change):
    state = stepped().state_dict()
    change(state)
    return state


WRONG_STATES = {
    "none": (lambda: None, TypeError, r"state must be a dictionary that state_dict\(\) gave, not None"),
    "a list": (lambda: [1], TypeError, "state must be a dictionary"),
    "empty": (dict, ValueError, "the state is that of None; accepted is one of 'adam'"),
    "of another kind": (
        lambda: stepped(nn.sgd).state_dict(),
        ValueError,
        "the state is that of 'sgd'; accepted is one of 'adam'",
    ),
    "steps below 0": (lambda: changed_state(lambda s: s.update(steps=-1)), ValueError, "steps is -1; it must be"),
    "steps of text": (lambda: changed_state(lambda s: s.update(steps="1")), TypeError, "steps must be an integer"),
    "calls of floats": (lambda: changed_state(lambda s: s.update(calls=0.5)), TypeError, "calls must be an integer"),
    "of two": (
        lambda: stepped(shapes=((3,), (3,))).state_dict(),
        ValueError,
        r"the state is that of the parameters \[0, 1\]; those here are \[0\]",
    ),
    "of names": (
        lambda: changed_state(lambda s: s.update(state={"w": s["state"][0]})),
        ValueError,
        r"the state is that of the parameters \['w'\]; those here are \[0\]",
    ),
    "state of text": (
        lambda: changed_state(lambda s: s.update(state="x")),
        TypeError,
        "state of the state must be a dictionary of dictionaries, not 'x'",
    ),
    "state of arrays": (
        lambda: changed_state(lambda s: s.update(state={0: np.ones(3)})),
        TypeError,
        "state of the state must be a dictionary of dictionaries",
    ),
    "numbers of arrays": (
        lambda: changed_state(lambda s: s.update(numbers={0: np.ones(3)})),
        TypeError,
        "numbers of the state must be a dictionary of dictionaries",
    ),
    "numbers of text": (
        lambda: changed_state(lambda s: s.update(numbers={0: {"product": "1"}})),
        TypeError,
        "product must be a number",
    ),
    "a schedule": (
        lambda: changed_state(lambda s: s.update(schedules={"learning_rate": {}})),
        ValueError,
        "the state has one of a schedule of learning_rate, which adam",
    ),
}


@pytest.mark.parametrize(("make", "error", "message"), WRONG_STATES.values(), ids=WRONG_STATES)
def test_states_that_do_not_fit_change_nothing(make, error, message):
    optimizer, undisturbed = stepped(), stepped()
    with pytest.raises(error, match=message):
        optimizer.load_state_dict(make())
    assert str(optimizer.state_dict()) == str(undisturbed.state_dict())
    p, q = [np.ones(3)], [np.ones(3)]
    optimizer.step(p, [np.ones(3)])
    undisturbed.step(q, [np.ones(3)])
    assert np.array_equal(p[0], q[0])


WRONG_ARRAYS = {
    "shape": (
        lambda s: s["state"][0].update(mean=np.ones(4)),
        r"the state 'mean' of parameters\[0\] has shape \(4,\) of float64; accepted is \(3,\) of float64",
    ),
    "type": (
        lambda s: s["state"][0].update(square=np.ones(3, np.float32)),
        r"the state 'square' of parameters\[0\] has shape \(3,\) of float32; accepted is \(3,\) of float64",
    ),
    "text": (
        lambda s: s["state"][0].update(square="a"),
        r"the state 'square' of parameters\[0\] has shape \(\) of <U1; accepted",
    ),
    "average": (
        lambda s: s["state"][0].update(average=np.ones(2)),
        r"the state 'average' of parameters\[0\] has shape \(2,\)",
    ),
    "sum": (
        lambda s: (s["state"][0].update(accumulated=np.ones(2)), s.update(calls=1)),
        r"the sum of gradients of parameters\[0\] has shape \(2,\)",
    ),
}


@pytest.mark.parametrize(("change", "message"), WRONG_ARRAYS.values(), ids=WRONG_ARRAYS)
def test_arrays_that_do_not_fit_are_an_error_of_the_step(change, message):
    optimizer, p = nn.adam(accumulate=2, average=opt.ema()), [np.ones(3)]
    optimizer.load_state_dict(changed_state(change))
    for _ in range(2):
        with pytest.raises(ValueError, match=message):
            optimizer.step(p, [np.ones(3)])
    assert (p[0] == 1).all()
    optimizer.load_state_dict(changed_state(lambda s: None))
    optimizer.step(p, [np.ones(3)])


def test_names_that_files_cannot_tell_apart():
    p = {1: np.ones(3), "1": np.ones(3)}
    with pytest.raises(ValueError, match=r"some names of parameters are the same as text, .*: \[1, '1'\]"):
        nn.sgd().step(p, copied(p))
    assert (p[1] == 1).all()


def test_the_state_of_other_parameters_before_the_first_step():
    optimizer, p = nn.adam(), [np.ones(4)]
    optimizer.load_state_dict(stepped().state_dict())
    with pytest.raises(ValueError, match=r"the state 'mean' of parameters\[0\] has shape \(3,\)"):
        optimizer.step(p, [np.ones(4)])
    with pytest.raises(ValueError, match=r"the state is that of the parameters \[0\]; those here are \['w'\]"):
        optimizer.step({"w": np.ones(3)}, {"w": np.ones(3)})
    optimizer.step([np.ones(3)], [np.ones(3)])
    assert optimizer.steps == 2


@pytest.mark.parametrize("copied_by", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@each_way
def test_a_copy_has_a_state_of_its_own(way, copied_by):
    p, optimizer = [np.ones((3, 2)), np.ones(4)], made(way, average=opt.ema(), accumulate=2)
    for _ in range(3):
        optimizer.step(p, [array.copy() for array in p])
    other = copied_by(optimizer)
    assert repr(other) == repr(optimizer)

    def held(one):
        arrays = [array for member in one.members for arrays in member.state.values() for array in arrays]
        return [*arrays, *(array for member in one.members for array in member.averages), *one.accumulated]

    assert held(optimizer)
    assert len(held(other)) == len(held(optimizer))
    assert not any(np.shares_memory(a, b) for a in held(optimizer) for b in held(other))
    assert all(one.numbers is not two.numbers for one, two in zip(optimizer.members, other.members, strict=True))


def test_a_copy_while_the_parameters_are_those_for_evaluation():
    p, optimizer = [np.ones(3)], nn.sgd(0.5, average=opt.ema())
    optimizer.step(p, [np.ones(3)])
    trained = p[0].copy()
    optimizer.evaluate(p)
    other = copy.deepcopy(optimizer)
    q = [p[0].copy()]
    other.train(q)
    assert np.array_equal(q[0], trained)
    optimizer.train(p)
    assert np.array_equal(p[0], trained)


def test_all_ways_are_there():
    assert {way.partition(",")[0] for way in WAYS} == {*nn.OPTIMIZERS}
