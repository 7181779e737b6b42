"""Calls that nobody should make, of every public callable, in processes of their own.

    python tests/hostile.py --calls 1000000 --seed 1
    python tests/hostile.py --repeat 1:4711

A call starts as a valid one of the catalogue; then arguments, settings, ``out`` or the names of keywords are exchanged
for what does not belong there. Its number and the seed determine it, so that any call can be repeated.
What the calls must keep is written down in ``judge``. A process that dies or stands still is reported with the call it
was at, and the calls after it are made in a new one.
"""

import argparse
import array
import collections
import contextlib
import copy
import decimal
import faulthandler
import fractions
import functools
import inspect
import json
import mmap
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from callables import flat
from catalogue import TABLE

import fastnn as nn

HANGS_AFTER = 30  # seconds, for what takes a millisecond
MEMORY = 6 << 30  # bytes that a process may have: what is really too big fails at once


class OwnError(Exception):
    """What an argument's own code raises: no fault of the function's."""


# Objects that are not what they seem to be


def raising(self, *args, **kwargs):
    raise OwnError("raised by the argument itself")


def liar(**members):
    """An object whose class has these members; a callable takes the object, as methods do."""
    return type("Liar", (), {n: (m if callable(m) else (lambda self, *a, _m=m, **k: _m)) for n, m in members.items()})()


def short_sequence(self, index):
    if index > 0:
        raise IndexError
    return 1.0


class Agreeing:
    """It has every attribute, and each is itself."""

    def __getattr__(self, name):
        if name.startswith("__array"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **kwargs):
        return self


class Word(str):
    """A string that equals every other."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        return True


class Vain(np.ndarray):
    """An array whose attributes lie."""

    shape = property(lambda self: (10**6,))
    size = property(lambda self: 10**6)
    ndim = property(lambda self: 7)
    dtype = property(lambda self: np.dtype("f8"))

    def __repr__(self):
        return "a vain array"


class Strict(np.ndarray):
    """An array that lets itself be used by nothing."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        raise OwnError("raised by the argument itself")


def endless():
    while True:
        yield 1.0


def nested(depth):
    value = 1.0
    for _ in range(depth):
        value = [value]
    return value


def within_itself():
    value = []
    value.append(value)
    return value


THINGS = {
    "None": lambda: None,
    "True": lambda: True,
    "text": lambda: "text",
    "empty text": lambda: "",
    "number as text": lambda: "0.5",
    "bytes": lambda: b"0.5",
    "bytearray": lambda: bytearray(8),
    "memoryview": lambda: memoryview(bytearray(8)),
    "array.array": lambda: array.array("d", [0.5, 0.25]),
    "object": object,
    "dict": lambda: {"a": 1.0},
    "empty dict": dict,
    "set": lambda: {0.5},
    "empty list": list,
    "empty tuple": tuple,
    "generator": endless,
    "function": lambda: raising,
    "type": lambda: float,
    "Ellipsis": lambda: ...,
    "NotImplemented": lambda: NotImplemented,
    "range": lambda: range(3),
    "slice": lambda: slice(None),
    "dtype": lambda: np.dtype("f4"),
    "module": lambda: np,
    "10**400": lambda: 10**400,
    "-10**400": lambda: -(10**400),
    "2**63": lambda: 2**63,
    "-2**63": lambda: -(2**63),
    "2**64": lambda: 2**64,
    "-1": lambda: -1,
    "0": lambda: 0,
    "3": lambda: 3,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: float("-inf"),
    "1e308": lambda: 1e308,
    "-1e308": lambda: -1e308,
    "5e-324": lambda: 5e-324,
    "-0.0": lambda: -0.0,
    "1e39": lambda: 1e39,
    "complex": lambda: 1j,
    "Fraction": lambda: fractions.Fraction(1, 2),
    "Decimal": lambda: decimal.Decimal("0.5"),
    "float16": lambda: np.float16(0.5),
    "longdouble": lambda: np.longdouble(0.5),
    "complex64": lambda: np.complex64(1),
    "datetime64": lambda: np.datetime64("2020-01-01"),
    "NaT": lambda: np.timedelta64("NaT"),
    "str_": lambda: np.str_("a"),
    "void": lambda: np.void(b"abc"),
    "ragged list": lambda: [[1.0], [1.0, 2.0]],
    "list of None": lambda: [None, None],
    "list of texts": lambda: ["a", "b"],
    "list of lists 70 deep": lambda: nested(70),
    "list within itself": within_itself,
    "object array": lambda: np.array([None, "a", 1.0], object),
    "structured array": lambda: np.zeros(3, [("a", "f8"), ("b", "i4")]),
    "dates": lambda: np.array(["2020-01-01", "NaT"], "M8[D]"),
    "texts": lambda: np.array(["a", "b"]),
    "empty (0,)": lambda: np.empty(0),
    "empty (0, 2**40)": lambda: np.empty((0, 2**40)),
    "empty (2**40, 0)": lambda: np.empty((2**40, 0)),
    "0-d": lambda: np.array(0.5),
    "0-d object": lambda: np.array(None),
    "33 axes": lambda: np.ones((1,) * 33),
    "64 axes": lambda: np.ones((1,) * 64),
    "matrix": lambda: np.ones((2, 2)).view(np.matrix),
    "masked": lambda: np.ma.masked,
    "masked array": lambda: np.ma.array([1.0, 2.0], mask=[True, False]),
    "record": lambda: np.rec.array([(1, 2.0)]),
    "flat iterator": lambda: np.ones(3).flat,
    "random generator": lambda: np.random.default_rng(0),
    "everything": Agreeing,
    "lying shape": lambda: np.ones(3).view(Vain),
    "strict subclass": lambda: np.ones(3).view(Strict),
    "__array__ raises": lambda: liar(__array__=raising),
    "__array__ gives a list": lambda: liar(__array__=[1.0]),
    "__array__ gives objects": lambda: liar(__array__=lambda self, *a, **k: np.array([None])),
    "__array__ is a number": lambda: type("Liar", (), {"__array__": 3})(),
    "__array__ gives another shape each time": lambda: liar(
        __array__=lambda self, *a, **k: np.ones(random.randrange(4))
    ),
    "__array_interface__ is a number": lambda: type("Liar", (), {"__array_interface__": 3})(),
    "__array_interface__ is wrong": lambda: type("Liar", (), {"__array_interface__": {"shape": (-1,), "version": 3}})(),
    "__array_struct__ is a number": lambda: type("Liar", (), {"__array_struct__": 3})(),
    "__array_ufunc__ raises": lambda: liar(__array_ufunc__=raising),
    "__array_ufunc__ does not know": lambda: liar(__array_ufunc__=NotImplemented),
    "__array_ufunc__ is a number": lambda: type("Liar", (), {"__array_ufunc__": 3})(),
    "__array_ufunc__ is None": lambda: type("Liar", (), {"__array_ufunc__": None})(),
    "__array_function__ raises": lambda: liar(__array_function__=raising),
    "__len__ is too large": lambda: liar(__len__=3, __getitem__=short_sequence),
    "__len__ is negative": lambda: liar(__len__=-1, __getitem__=short_sequence),
    "__len__ raises": lambda: liar(__len__=raising, __getitem__=short_sequence),
    "__getitem__ raises": lambda: liar(__len__=3, __getitem__=raising),
    "__index__ is huge": lambda: liar(__index__=10**30),
    "__index__ raises": lambda: liar(__index__=raising),
    "__index__ is a text": lambda: liar(__index__="1"),
    "__float__ is nan": lambda: liar(__float__=float("nan")),
    "__float__ raises": lambda: liar(__float__=raising),
    "__float__ is a text": lambda: liar(__float__="1"),
    "__iter__ raises": lambda: liar(__iter__=raising),
    "__iter__ is endless": lambda: liar(__iter__=lambda self: endless()),
    "__bool__ raises": lambda: liar(__bool__=raising),
    "__eq__ raises": lambda: liar(__eq__=raising, __hash__=1),
    "__eq__ gives an array": lambda: liar(__eq__=lambda self, other: np.ones(3) > 0, __hash__=1),
    "__repr__ raises": lambda: liar(__repr__=raising),
    "__hash__ raises": lambda: liar(__hash__=raising),
    "a word for all words": lambda: Word("bogus"),
}
"""What does not belong into a call."""


def aligned_wrong(x):
    buffer = np.zeros(x.nbytes + 1, np.uint8)
    view = buffer[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


def frozen(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def filled(value):
    return lambda x: np.full_like(x, value)


def somewhere(value):
    def put(x):
        x = x.copy(order="C")
        if x.size:
            x.reshape(-1)[x.size // 2] = value
        return x

    return put


def shaped(change):
    return lambda x: np.ones(change(x.shape), x.dtype)


CHANGES = {
    **{
        f"as {kind}": lambda x, kind=kind: x.astype(kind)
        for kind in ("O", "c16", "g", "f2", "U8", "S8", "?", "i1", "u8")
    },
    **{f"as {kind}": lambda x, kind=kind: x.astype(kind) for kind in (">f4", ">f8", "f4", "f8", ">i2")},
    "as dates": lambda x: x.astype("i8").astype("M8[s]"),
    "as numbers of a struct": lambda x: np.zeros(x.shape, [("a", "f8")]),
    "masked": lambda x: np.ma.array(x, mask=np.arange(x.size).reshape(x.shape) % 2 == 0),
    "matrix": lambda x: x.reshape(-1, x.shape[-1] if x.ndim else 1).view(np.matrix),
    "list": lambda x: x.tolist(),
    "tuple of it": lambda x: (x,),
    "list of it": lambda x: [x],
    "transposed": lambda x: x.T,
    "reversed": lambda x: x[..., ::-1] if x.ndim else x,
    "flat": lambda x: x.reshape(-1),
    "first": lambda x: x[:1] if x.ndim else x,
    "without its last": lambda x: x[..., :-1] if x.ndim else x,
    "none of it": lambda x: x[..., :0] if x.ndim else x,
    "one element": lambda x: x.reshape(-1)[:1].reshape(()) if x.size else x,
    "an axis more": lambda x: x[..., np.newaxis],
    "an axis more in front": lambda x: x[np.newaxis],
    "34 axes": lambda x: x.reshape((1,) * (34 - x.ndim) + x.shape),
    "65 elements more": shaped(lambda shape: (*shape[:-1], shape[-1] + 65) if shape else (65,)),
    "repeated": lambda x: np.broadcast_to(x, (3, *x.shape)),
    "one number repeated": lambda x: np.broadcast_to(x.reshape(-1)[:1].reshape(()), x.shape) if x.size else x,
    "read-only": frozen,
    "unaligned": aligned_wrong,
    "fortran": lambda x: x.copy(order="F"),
    "lying shape": lambda x: x.copy().view(Vain),
    "strict subclass": lambda x: x.copy().view(Strict),
}
NUMBERS = {
    **{f"full of {value}": filled(value) for value in (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30, -1e30, 1e-40, -1.0)},
    **{f"one {value}": somewhere(value) for value in (np.nan, np.inf, -np.inf, 1e38, -1e38)},
}
INTEGERS = {f"one {value}": somewhere(value) for value in (-1, -100, 999, 2**62, -(2**63))}
"""What a valid array is changed into."""


def fill(x):
    if x.flags.writeable:
        with np.errstate(all="ignore"):
            x.fill(10**6)


class Interfering:
    """A number that changes other arguments while it is converted."""

    def __init__(self, act):
        self.act = act

    def __float__(self):
        self.act()
        return 0.5

    def __array__(self, dtype=None, copy=None):
        self.act()
        return np.array(0.5)


def resize(x, size):
    with contextlib.suppress(ValueError):  # not its own memory
        x.resize(size, refcheck=False)


@dataclass
class Call:
    row: object
    given: dict
    settings: dict
    out: object = None
    keywords: dict = field(default_factory=dict)
    must_fail: bool = False
    interferes: bool = False
    said: dict = field(default_factory=dict)
    """What was done to what."""

    def run(self):
        row, given = self.row, self.given
        positional, keywords, omitted = [], dict(self.keywords), False
        for argument in row.arguments:
            if argument.name not in given:
                omitted = True
            elif argument.keyword or omitted:
                keywords[argument.name] = given[argument.name]
            else:
                positional.append(given[argument.name])
        if self.out is not None:
            keywords["out"] = self.out
        return row.function()(*positional, **keywords, **self.settings)

    def arrays(self):
        """All arrays among the arguments whose content can be compared."""
        parts = self.out if isinstance(self.out, tuple | list) else (self.out,)
        given = {**self.given, **{f"out[{k}]" if len(parts) > 1 else "out": part for k, part in enumerate(parts)}}
        return {
            name: value for name, value in given.items() if isinstance(value, np.ndarray) and not value.dtype.hasobject
        }

    def __str__(self):
        def of(name, value):
            return self.said.get(name) or (
                f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else repr(value)
            )

        parts = [f"{n}={of(n, v)}" for n, v in {**self.given, **self.settings}.items()]
        parts += [f"{n}={of(n, v)}" for n, v in self.keywords.items()]
        parts += [f"out={of('out', self.out)}"] * (self.out is not None)
        parts += [f"<{name} {what}>" for name, what in self.said.items() if name.startswith("without")]
        return f"{self.row.path}({', '.join(parts)})"


def fresh(value):
    """An argument that a call may change."""
    return value.copy() if isinstance(value, np.ndarray) else copy.deepcopy(value)


@functools.cache
def prepared(name, shape, dtype, way):
    """Valid arguments, settings and the plain call's results."""
    row = TABLE[name]
    settings, optional = row.ways[way]
    given = row.make(shape, dtype, optional=optional)
    try:
        results = row.call({name: fresh(value) for name, value in given.items()}, settings)
    except (TypeError, ValueError):
        results = None
    return given, settings, results


NAMES = tuple(TABLE)


def made(seed, number):
    """The call of that seed and number, and what the plain one gives."""
    rnd = random.Random(f"{seed}:{number}")
    row = TABLE[rnd.choice(NAMES)]
    shape = rnd.choice(row.shapes[1:3])
    dtype = rnd.choice(("f4", "f8"))
    way = rnd.randrange(len(row.ways))
    given, settings, plain = prepared(row.name, shape, dtype, way)
    call = Call(row, {name: fresh(value) for name, value in given.items()}, {**row.always, **settings})
    if plain is not None and row.takes_out(settings) and rnd.random() < 0.4:
        outs = tuple(np.full_like(np.asarray(plain[k]), 123) for k in row.outs)
        call.out = outs if row.tuple_out else outs[0]
    with np.errstate(all="ignore"):
        for _ in range(rnd.choice((0, 1, 1, 1, 1, 2, 2, 3))):
            with contextlib.suppress(Exception):  # what cannot be spoiled in this way stays as it is
                rnd.choice(SPOILERS)(rnd, call)
    return call, plain


# Ways to spoil a call


def replace(rnd, call):
    if call.given:
        name = rnd.choice(list(call.given))
        thing = rnd.choice(list(THINGS))
        call.given[name] = THINGS[thing]()
        call.said[name] = f"<{thing}>"


def change(rnd, call):
    names = [name for name, value in call.given.items() if type(value) is np.ndarray]
    if names:
        name = rnd.choice(names)
        value = call.given[name]
        kinds = {**CHANGES, **(NUMBERS if value.dtype.kind == "f" else INTEGERS if value.dtype.kind in "iu" else {})}
        change = rnd.choice(list(kinds))
        with (
            contextlib.suppress(ValueError, TypeError, OverflowError, RuntimeError, MemoryError),
            warnings.catch_warnings(action="ignore"),
        ):
            call.given[name] = kinds[change](value)
            call.said[name] = f"<{value.dtype}{value.shape}, {change}>"


def refuse(rnd, call):
    """An element outside the argument's domain."""
    able = [a for a in call.row.arguments if a.refused is not None and type(call.given.get(a.name)) is np.ndarray]
    if able:
        argument = rnd.choice(able)
        call.given[argument.name] = somewhere(argument.refused)(call.given[argument.name])
        call.said[argument.name] = f"<{argument.refused} among them>"


def settle(rnd, call):
    names = list(call.row.settings)
    if names:
        name = rnd.choice(names)
        thing = rnd.choice(list(THINGS))
        call.settings[name] = THINGS[thing]()
        call.said[name] = f"<{thing}>"
        call.must_fail |= isinstance(call.row.settings[name][0], str) and thing not in ("None", "a word for all words")


def misspell(rnd, call):
    names = [*call.settings, *call.given, "out", "axis", "weight"]
    name = rnd.choice(names)
    wrong = rnd.choice((name + "s_", name.upper() + "_", "_" + name, name[::-1] + "x"))
    call.keywords[wrong] = rnd.choice((None, 1.0, "text"))
    call.must_fail = True


def omit(rnd, call):
    required = [a.name for a in call.row.arguments if not a.optional and a.name in call.given]
    if required and "step" not in call.row.path:
        name = rnd.choice(required)
        del call.given[name]
        call.said[f"without {name}"] = ""


def redirect(rnd, call):
    """``out`` as it must not be, or over an input."""
    out = np.full(rnd.choice(call.row.shapes[:-1]), 123.0) if call.out is None else call.out
    out = out[0] if isinstance(out, tuple) and out else out
    inputs = [value for value in call.given.values() if type(value) is np.ndarray]
    ways = {
        "read-only": lambda: frozen(out),
        "of another type": lambda: out.astype("f4" if out.dtype == "f8" else "f8"),
        "of integers": lambda: out.astype("i8"),
        "of objects": lambda: out.astype("O"),
        "swapped": lambda: out.astype(out.dtype.newbyteorder()),
        "strided": lambda: np.full((*out.shape, 2), 123.0, out.dtype)[..., 0],
        "an axis more": lambda: out[np.newaxis].copy(),
        "one element more": lambda: np.full(
            (*out.shape[:-1], (out.shape[-1] if out.ndim else 0) + 1), 123.0, out.dtype
        ),
        "masked": lambda: np.ma.array(out),
        "lying shape": lambda: out.view(Vain),
        "strict subclass": lambda: out.view(Strict),
        "repeated": lambda: np.lib.stride_tricks.as_strided(np.full(1, 123.0, out.dtype), out.shape, (0,) * out.ndim),
        "list": lambda: out.tolist(),
        "list of it": lambda: [out],
        "tuple of it": lambda: (out,),
        "tuple of two": lambda: (out, out.copy()),
        "the same twice": lambda: (out, out),
        "the same three times": lambda: (out, out, out),
        "tuple of None": lambda: (None, out),
        "empty tuple": lambda: (),
        "thing": lambda: THINGS[rnd.choice(list(THINGS))](),
    }
    if inputs:
        ways["an input"] = lambda: rnd.choice(inputs)
        ways["inputs"] = lambda: tuple(rnd.choice(inputs) for _ in range(2))
        ways["an input reversed"] = lambda: rnd.choice(inputs)[..., ::-1] if inputs[0].ndim else inputs[0]
        ways["part of an input"] = lambda: rnd.choice(inputs).reshape(-1)[1:]
    if type(out) is np.ndarray and "out" not in call.said:
        way = rnd.choice(list(ways))
        with contextlib.suppress(Exception):
            call.out = ways[way]()
            call.said["out"] = f"<{way}>"
        call.must_fail |= way == "read-only"


def repeat(rnd, call):
    """One object for two arguments."""
    names = [name for name, value in call.given.items() if type(value) is np.ndarray]
    if len(names) > 1:
        one, other = rnd.sample(names, 2)
        call.given[one] = call.given[other]
        call.said[one] = f"<{other}>"


def is_alone(x, call):
    """Whether no other argument is a view of an array: it would point to freed memory, whatever function gets it."""
    others = [*call.given.values(), *(call.out if isinstance(call.out, tuple) else (call.out,))]
    return not any(isinstance(a, np.ndarray) and a is not x and np.may_share_memory(a, x) for a in others)


def interfere(rnd, call):
    """A setting that changes an argument while it is converted."""
    names = [*call.row.settings, *(a.name for a in call.row.arguments if a.optional)]
    others = [value for value in call.given.values() if type(value) is np.ndarray]
    if names and others:
        name, x = rnd.choice(names), rnd.choice(others)
        act, does = rnd.choice(
            (
                (lambda: is_alone(x, call) and resize(x, 0), "empties"),
                (lambda: is_alone(x, call) and resize(x, 5 * x.size + 1), "enlarges"),
                (lambda: fill(x), "fills"),
            )
        )
        call.given.pop(name, None)
        call.settings[name] = Interfering(act)
        call.said[name] = f"<{does} another>"
        call.interferes = True


SPOILERS = (
    replace,
    replace,
    replace,
    change,
    change,
    change,
    settle,
    settle,
    refuse,
    misspell,
    omit,
    redirect,
    redirect,
)
SPOILERS += (repeat, interfere)


# What calls must keep

OF_NUMPY = ("ufunc", "has no attribute", "from_output", "nditer", "buffer", "NoneType", "__array", "operand")
"""Words of NumPy's and Python's own messages about what goes on inside."""


@functools.cache
def parameters(path):
    function = TABLE[path].function()
    step = {"parameters", "gradients", "hessians"} if "step" in TABLE[path].path else set()
    try:
        signature = inspect.signature(function.optimizer if step else function).parameters
    except (TypeError, ValueError):
        signature = ()
    row = TABLE[path]
    return step | {*signature, *row.settings, *(a.name for a in row.arguments), "out"} - {"args", "kwargs", "settings"}


def names_an_argument(call, message):
    """Whether a message holds the name of a parameter of the callable, or of a keyword of the call, as a word.

    Python's own words about a wrong number of arguments pass, too.
    """
    return re.search(r"takes .* positional arguments? \(", message) or any(
        re.search(rf"(?<![\w.]){re.escape(n)}(?!\w)", message) for n in {*parameters(call.row.name), *call.keywords}
    )


def judge(call, plain):
    """What is wrong with how a call ended, as a text; None if nothing is.

    It succeeds or raises a TypeError or a ValueError (a FloatingPointError if gradients have no norm), whose message
    names an argument and uses no words of NumPy about what goes on inside; or it raises what an argument's own code
    raised. After an error all arrays are as they were, and after a success all but ``out``. No warning is printed. A
    call in which nothing was spoiled gives what the plain one does, and one that has to fail does.
    """
    before = {name: np.ndarray.tobytes(value) for name, value in call.arrays().items()}
    error = None
    try:
        result = call.run()
    except OwnError:
        error = ""
    except (TypeError, ValueError, FloatingPointError) as raised:
        error = f"{type(raised).__name__}: {raised}"
        if "raised by the argument itself" not in error:
            if not names_an_argument(call, str(raised)):
                return f"names no argument: {error}"
            if any(word in error for word in OF_NUMPY):
                return f"speaks of internals: {error}"
    except Warning as raised:
        return f"warning: {raised}"
    except BaseException as raised:
        if isinstance(raised, MemoryError) and any("2**40" in said for said in call.said.values()):
            return None  # a sum of nothing along an axis may have 2^40 elements
        return f"foreign exception: {type(raised).__name__}: {raised}"
    if not call.interferes:
        after = call.arrays()
        written = [name for name, content in before.items() if np.ndarray.tobytes(after[name]) != content]
        if error is not None:
            if written:
                return f"has written into {', '.join(written)}, then {error}"
        else:
            outs = [after[name] for name in written if name.startswith("out") or name == call.row.changes]
            for name in written:
                if not any(np.may_share_memory(after[name], out) for out in outs):
                    return f"has changed {name}"
    if error is None and call.must_fail:
        return "is accepted"
    if not call.said and not call.keywords and plain is not None:
        if error is not None:
            return f"is refused: {error}"
        for got, wanted in zip(flat(result), plain, strict=True):
            if np.asarray(got).tobytes() != np.asarray(wanted).tobytes():
                return "differs from the plain call"
    return None


# Processes


def child(seed, start, stop, progress):
    """Make the calls of a range of numbers, writing down before each which it is, and print the failures."""
    faulthandler.enable()
    if "libasan" not in os.environ.get("LD_PRELOAD", ""):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error")
    with open(progress, "r+b") as file:
        note = mmap.mmap(file.fileno(), 8)
    for number in range(start, stop):
        note[:] = number.to_bytes(8, "little")
        with np.errstate(all="raise" if number % 2 else "warn"):
            call, plain = made(seed, number)
            wrong = judge(call, plain)
        if wrong:
            print(json.dumps([number, call.row.path, str(call), wrong]), flush=True)


def run_child(seed, start, stop):
    """The failures of a range of numbers, and the number after the last call that was made."""
    with tempfile.NamedTemporaryFile() as progress, tempfile.TemporaryFile() as errors:
        progress.write(start.to_bytes(8, "little"))
        progress.flush()
        command = [sys.executable, __file__, "--child", progress.name, str(start), str(stop), "--seed", str(seed)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        reached = [start, time.monotonic()]

        def watch():
            while process.poll() is None:
                now = int.from_bytes(os.pread(progress.fileno(), 8, 0), "little")
                if now != reached[0]:
                    reached[:] = now, time.monotonic()
                elif time.monotonic() - reached[1] > HANGS_AFTER:
                    process.send_signal(signal.SIGABRT)  # on which faulthandler says where it stood
                    return
                time.sleep(0.2)

        watcher = threading.Thread(target=watch)
        watcher.start()
        with process.stdout as lines:
            failures = [tuple(json.loads(line)) for line in lines]
        code = process.wait()
        watcher.join()
        if code == 0:
            return failures, stop
        number = int.from_bytes(os.pread(progress.fileno(), 8, 0), "little")
        errors.seek(0)
        said = errors.read().decode(errors="replace")
        kind = "hangs" if time.monotonic() - reached[1] > HANGS_AFTER else f"crashes, exit status {code}"
        call, _ = made(seed, number)
        failures.append((number, call.row.path, str(call), f"{kind}:\n{said[:2000]}"))
        return failures, number + 1


def search(seed, calls, per_process=50_000):
    """Yield the failures among so many calls: their number, the callable, the call and what is wrong."""
    start = 0
    while start < calls:
        failures, start = run_child(seed, start, min(start + per_process, calls))
        yield from failures


def summary(seed, failures):
    """The failures grouped by what is wrong, the most frequent first, each with one such call."""
    groups = collections.defaultdict(list)
    for number, path, call, wrong in failures:
        alike = re.sub(r"0x[0-9a-f]+|\d+", "#", wrong.replace(path, "it"))
        groups[alike[:200]].append((number, path, call, wrong))
    lines = []
    for cases in sorted(groups.values(), key=len, reverse=True):
        number, _, call, wrong = min(cases)
        paths = sorted({path for _, path, _, _ in cases})
        lines.append(f"{len(cases)} calls of {', '.join(paths[:6])}{' and others' * (len(paths) > 6)}: {wrong}")
        lines.append(f"    {call}\n    python tests/hostile.py --repeat {seed}:{number}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None, help="by default a new one")
    parser.add_argument("--repeat", metavar="SEED:NUMBER", help="make one call, in this process")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        progress, start, stop = arguments.child
        child(arguments.seed, int(start), int(stop), progress)
        return
    if arguments.repeat:
        seed, number = map(int, arguments.repeat.split(":"))
        faulthandler.enable()
        warnings.simplefilter("error")
        call, plain = made(seed, number)
        print(call, flush=True)
        with np.errstate(all="raise" if number % 2 else "warn"):
            print(judge(call, plain) or "nothing is wrong")
        return
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}, {arguments.calls} calls, fastnn from {Path(nn.__file__).parent}", flush=True)
    failures = list(search(seed, arguments.calls))
    print(summary(seed, failures))
    print(f"{len(failures)} of {arguments.calls} calls failed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
