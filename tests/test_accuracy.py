"""The errors of all functions and derivatives stay within their bounds: a thinned run of tools/accuracy.py.

The exact values take most of the time, so all builds that this processor can run are compared with them at once.
"""

import functools
import itertools
from itertools import combinations

import accuracy
import exact_losses
import mpmath
import numpy as np
import peer_errors
import pytest
import sampled
from builds import MEASURED, library
from contract import different_bits
from definitions import DEFINITIONS, facts
from exact_losses import plain
from ulp import Case

import fastnn as nn
from fastnn._core.losses.batch import BatchLoss, PairLoss

INF = np.inf
EVERY = 1009
THINNED = 25
FOUND = accuracy.read(accuracy.DOCS / accuracy.JSON)
SAMPLED = sampled.read(accuracy.DOCS / sampled.JSON)
PEERS = peer_errors.read(accuracy.DOCS / peer_errors.JSON)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_definition = pytest.mark.parametrize("name", DEFINITIONS)
with_avx512 = pytest.mark.skipif(
    not {"avx512", "avx2"} <= {*nn.kernels.supported},
    reason="this processor cannot run the avx512 build, whose bits were not compared with those of avx2",
)


def special(dtype):
    """Zeros, the ends of the range of normal and of subnormal numbers, kinks and their neighbours."""
    info = np.finfo(dtype)
    numbers = [0, info.smallest_subnormal, info.smallest_normal, info.eps, 0.5, 1, 3, 6, info.max]
    numbers = np.array([*numbers, *np.negative(numbers)], dtype)
    with np.errstate(over="ignore"):
        numbers = np.concatenate([numbers, np.nextafter(numbers, dtype(INF)), np.nextafter(numbers, dtype(-INF))])
    return numbers[np.isfinite(numbers)]


@functools.cache
def thinned(dtype):
    chunks = range((1 << 32) // accuracy.CHUNK) if dtype == "float32" else range(100)
    return np.concatenate([accuracy.INPUTS[dtype](chunk, EVERY) for chunk in chunks])


@each_dtype
@each_definition
def test_errors_stay_within_the_bounds(name, dtype):
    worst = [found.x for case, found in FOUND.items() if (case.name, case.dtype) == (name, dtype)]
    x = np.concatenate([thinned(dtype), special(np.dtype(dtype).type), np.array(worst, dtype)])
    for case, found in accuracy.measure([name], nn.kernels.supported, dtype, x).items():
        assert found.error <= accuracy.bound(name, case.pass_), f"{' '.join(case)} at {found.x!r}"


@each_dtype
@each_definition
def test_the_exact_values_are_those_of_mpmath(name, dtype):
    """To 1/100 of a unit in the last place."""
    with np.errstate(over="ignore"):
        x = np.concatenate([accuracy.float64_inputs(0, 20_000), special(np.float64)]).astype(dtype)
    x = np.unique(x[np.abs(x) < 1e30])  # beyond, some definitions cancel even in so many digits
    definition, known_facts = DEFINITIONS[name], facts(name)
    low, high = known_facts.domain
    x = x[(x > low) & (x < high)]
    crossing = known_facts.crossing
    for pass_, function in (("value", definition.value), ("derivative", definition.derivative)):
        exact = accuracy.truth(dtype).exact(name, pass_, x)
        for number, known in zip(x, exact, strict=True):
            if np.isinf(known):
                continue  # beyond the range of the type, and so of what is rounded to it
            with mpmath.workprec(600):
                right = function(mpmath.mpf(float(number)))
                error = abs(as_mpf(known) - right)
                size = max(abs(right), mpmath.mpf(float(np.finfo(dtype).smallest_normal)))
                if pass_ == "derivative" and crossing and abs(number - crossing) < accuracy.NEAR:
                    size = mpmath.mpf(1) / 2
                assert error <= size * np.finfo(dtype).eps / 100, f"{pass_} at {number!r}"


def as_mpf(number):
    """A number of more digits and range than double has, exactly."""
    fraction, exponent = np.frexp(number)
    leading = float(fraction)
    return mpmath.ldexp(mpmath.mpf(leading) + float(fraction - leading), int(exponent))


@with_avx512
@each_dtype
@each_definition
def test_the_errors_of_avx2_are_those_of_avx512(name, dtype):
    x = np.concatenate([thinned(dtype), special(np.dtype(dtype).type)])
    for pass_ in accuracy.PASSES:
        wide, narrow = (accuracy.function_of(library(isa), name, pass_)(x) for isa in ("avx512", "avx2"))
        assert not different_bits(wide, narrow), pass_


def test_every_activation_has_its_definition_and_its_errors():
    assert {*nn.ACTIVATIONS, "gelu_tanh"} == DEFINITIONS.keys()
    cases = {(case.name, case.pass_, case.dtype, case.isa) for case in FOUND}
    assert cases == {
        (name, pass_, dtype, isa)
        for name in DEFINITIONS
        for pass_ in accuracy.PASSES
        for dtype in accuracy.INPUTS
        for isa in MEASURED
    }


def test_the_published_table_is_that_of_the_errors_found():
    assert (accuracy.DOCS / "accuracy.md").read_text() == accuracy.page(FOUND, SAMPLED, PEERS)
    for case, found in FOUND.items():
        assert found.error <= accuracy.bound(case.name, case.pass_), case
    for case, found in SAMPLED.items():
        assert found.error <= sampled.bound(case), case


def test_a_wrong_result_is_noticed():
    x = np.linspace(-1, 1, 1001, dtype=np.float32)
    got = nn.tanh(x)
    got[700] = np.nextafter(got[700], np.float32(2))
    got[300] = np.nan
    exact = accuracy.truth("float32").exact("tanh", "value", x)
    assert accuracy.truth("float32").worst(x, got, exact, None)[:2] == (INF, x[300])
    got[300] = nn.tanh(x[300])
    got[700] += np.float32(1e-5)
    error, where, _ = accuracy.truth("float32").worst(x, got, exact, None)
    assert (where, round(error, -2)) == (x[700], round(1e-5 / 2.0**-25, -2))


# Losses and the softmax family

PAIRS = [(name, pass_) for name, definition in sampled.DEFINITIONS.items() for pass_ in definition.passes]
# Those of a batch are NumPy, made of functions that are measured.
MEASURED_LOSSES = [name for name, loss in nn.losses.ALL.items() if not isinstance(loss, (BatchLoss, PairLoss))]


@pytest.mark.parametrize("name", MEASURED_LOSSES)
def test_every_loss_has_its_definition_and_its_errors(name):
    variants = [variant for variant in exact_losses.LOSSES if variant.partition(" ")[0] == name]
    assert variants, f"{name} has no definition in tools/exact_losses.py"
    for variant in variants:
        for pass_, dtype, isa in itertools.product(exact_losses.LOSSES[variant].passes, sampled.DTYPES, MEASURED):
            assert Case(variant, pass_, dtype, isa) in SAMPLED


def test_every_row_function_has_its_definition():
    flat = {"hardmax"}  # its values are 0 and 1
    assert (nn.ROW_FUNCTIONS.keys() - flat) <= exact_losses.ROW_FUNCTIONS.keys()


def test_every_layer_has_its_definition():
    exact = {"embedding", "scatter_add"}  # they copy and add
    of_layers = {variant.partition(" ")[0] for variant in exact_losses.LAYERS}
    for name, layer in nn.LAYERS.items():
        parts = {name, f"{name}.backward"} if hasattr(layer, "backward") else {name}
        assert name in exact or parts <= of_layers


@each_dtype
@pytest.mark.parametrize(("name", "pass_"), PAIRS)
def test_errors_of_losses_stay_within_their_bounds(name, pass_, dtype):
    found = [found for case, found in SAMPLED.items() if case[:3] == (name, pass_, dtype)]
    worst = {repr(witness[1:]): sampled.replayed(witness, dtype) for witness in found}  # often the same in all builds
    batches = itertools.chain(worst.values(), sampled.batches_of(name, dtype, THINNED))
    for case, found in sampled.measure(name, pass_, dtype, nn.kernels.supported, batches).items():
        assert found.error <= sampled.bound(case), (case, found)


@with_avx512
@each_dtype
@pytest.mark.parametrize(("name", "pass_"), PAIRS)
def test_the_errors_of_losses_are_the_same_with_avx512(name, pass_, dtype):
    for batch, settings in sampled.batches_of(name, dtype):
        wide, narrow = (sampled.compute(isa, name, pass_, batch, settings) for isa in ("avx512", "avx2"))
        assert not different_bits(wide, narrow), settings


def numbers_in(value, path=()):
    """The paths to the numbers in nested lists: an index for each level."""
    if not isinstance(value, (list, tuple)):
        return [path] * (not isinstance(value, int))
    return [inner for k, part in enumerate(value) for inner in numbers_in(part, (*path, k))]


def moved(value, path, step):
    """Nested lists with one number changed."""
    if not path:
        return value + step
    return [moved(part, path[1:], step) if k == path[0] else part for k, part in enumerate(value)]


def derivatives(function, arguments, path):
    """The derivatives of all results with respect to one number, by a difference of second order."""
    step = mpmath.ldexp(1, -300)
    low, high = (as_list(function(*moved(list(arguments), path, change))) for change in (-step, step))
    return [(plain(b) - plain(a)) / (2 * step) for a, b in zip(low, high, strict=True)]


def as_list(result):
    return result if isinstance(result, list) else [result]


def check_derivatives(function, arguments, expected):
    """Those of each result with respect to its own number, or of a single value with respect to each number."""
    for k, (path, right) in enumerate(zip(numbers_in(arguments), as_list(expected), strict=False)):
        found = derivatives(function, arguments, path)
        assert abs((found[k] if len(found) > 1 else found[0]) - plain(right)) < 1e-30


def propagated(forward, grad, *x):
    """What a row function's backward is the gradient of."""
    return mpmath.fsum(g * plain(y) for g, y in zip(as_list(grad), as_list(forward(list(x))), strict=True))


@pytest.mark.parametrize("name", [name for name in sampled.DEFINITIONS if name not in exact_losses.LAYERS])
def test_the_exact_derivatives_are_those_of_the_exact_values(name):
    definition = sampled.DEFINITIONS[name]
    batches = list(definition.inputs("float64"))
    # Where no two arguments are the same, none is at a kink.
    distinct = (
        (batch, k)
        for batch in batches
        for k in range(len(batch[0]))
        if not any(np.array_equal(a[k], b[k]) for a, b in combinations(batch, 2))
    )
    batch, k = next(distinct, (batches[0], 0))
    arguments = [sampled.as_mpf(array[k]) for array in batch]
    of = name.removesuffix(".backward").removesuffix(".var_gradient")
    for settings in definition.settings:
        given = {key: sampled.as_mpf(value) for key, value in settings.items()}
        passes = {}
        for one in (sampled.DEFINITIONS[of], definition):
            tiny = {"tiny": mpmath.mpf(0)} if one.smallest else {}
            passes |= {pass_: functools.partial(function, **given, **tiny) for pass_, function in one.passes.items()}
        with mpmath.workprec(1500):
            if name.endswith(".backward"):
                grad, x, *labels = arguments

                def of_row(*x, forward=passes["value"], grad=grad, labels=labels):
                    return propagated(lambda row: forward(row, *labels), grad, *x)

                check_derivatives(of_row, x, passes["gradient"](*arguments))
            elif name.endswith(".var_gradient"):
                of_variance = functools.partial(passes["value"], *arguments[:2])
                check_derivatives(of_variance, arguments[2:], passes["gradient"](*arguments))
            else:
                for lower, upper in (("value", "gradient"), ("gradient", "hessian")):
                    if upper in passes:
                        check_derivatives(passes[lower], arguments, passes[upper](*arguments))


# What the call takes in place of what back-propagation took, after the gradient.
BEFORE = {
    "layer_norm": lambda x, weight: (x, weight, [mpmath.mpf(0)] * len(weight)),
    "dyt": lambda x, alpha, weight: (x, alpha, weight, [mpmath.mpf(0)] * len(weight)),
    "add_layer_norm": lambda _, total, weight: (total, [0] * len(total), weight, [mpmath.mpf(0)] * len(weight)),
    "add_rms_norm": lambda _, total, weight: (total, [0] * len(total), weight),
    **dict.fromkeys(
        ("batch_norm", "group_norm", "instance_norm"), lambda x, weight: (x, weight, [mpmath.mpf(0)] * len(weight))
    ),
    "attention_softmax": lambda y: (y, [[mpmath.mpf(0)] * len(row) for row in y]),  # any scores
}


@pytest.mark.parametrize("name", [name for name in exact_losses.LAYERS if name.endswith(".backward")])
def test_the_exact_derivatives_of_layers_are_those_of_their_values(name):
    of = name.removesuffix(".backward")
    definition, forward = exact_losses.LAYERS[name], exact_losses.LAYERS[of]
    batch = next(iter(definition.inputs("float64")))
    grad, *saved = [sampled.as_mpf(array[0]) for array in batch]
    for settings in definition.settings:
        given = {key: sampled.as_mpf(value) for key, value in settings.items()}
        value, backward = (
            functools.partial(one.passes[pass_], **given, **({"tiny": mpmath.mpf(0)} if one.smallest else {}))
            for one, pass_ in ((forward, "value"), (definition, "gradient"))
        )
        takes_x = of not in ("rotary_embedding", "dropout", "alpha_dropout")
        arguments = BEFORE.get(of, lambda *arguments: arguments)(*saved) if takes_x else (grad, *saved)
        with mpmath.workprec(1500):
            if of == "attention_softmax":
                saved = [[[plain(p) for p in value(*arguments)]]]
            grads = [grad, saved[0]] if of.startswith("add_") else grad
            check_derivatives(functools.partial(weighted, value, grads), arguments, backward(grad, *saved))


def weighted(forward, grad, *arguments):
    """What a layer's backward is the gradient of."""
    return mpmath.fsum(g * plain(y) for g, y in zip(flat(grad), forward(*arguments), strict=True))


def flat(numbers):
    return [inner for part in numbers for inner in flat(part)] if isinstance(numbers, list) else [numbers]


def test_the_errors_beside_peers_are_found_again():
    found = list(peer_errors.measure(peers=False))
    assert [{**entry, "errors": {}} for entry in found] == [{**entry, "errors": {}} for entry in PEERS]
    for now, published in zip(found, PEERS, strict=True):
        assert now["errors"]["fastnn"] <= published["errors"]["fastnn"] + 1, now
