"""A row for every public callable that computes with arrays: what it takes, and where its results go.

What tests have to know to call any of them stands here, and nothing else. Families are derived from the package's own
tables and its entries, so a new activation, row function or loss has its rows already. A call has a *shape*, of which
those of all arguments follow: (rows, width), or (elements,).
"""

from inspect import signature
from typing import Any

import numpy as np
from callables import (
    Argument,
    Row,
    between,
    distribution,
    generator,
    half,
    hot,
    labels,
    mask,
    normal,
    of_columns,
    of_rows,
    positive,
    probability,
    sign,
    weights,
)
from updates import TOGETHER, WAYS, WHOLE, fits, optimizer_of

import fastnn as nn
from fastnn._core.declaration import Declared
from fastnn._core.facts import Domain
from fastnn._core.losses.batch import BatchLoss, PairLoss
from fastnn._core.losses.joint import JointLoss
from fastnn._core.losses.loss import Loss
from fastnn._core.parameters import FINITE, NOT_NEGATIVE

# Hyperparameters: values that are valid and not the default

VALID = {
    "alpha": (0.3, 0.7),
    "approximate": ("tanh", "tanh"),
    "axis": (0, None),
    "b": (1.0, 9.0),
    "beta": (0.3, 2.5),
    "bias": (0.1, 0.25),
    "blank": (0, 0),
    "delta": (0.5, 2.0),
    "denominator": ("count", "count"),
    "eps": (1e-3, 0.5),
    "easy_margin": (True, True),
    "epsilon": (1e-3, 0.5),
    "full": (True, True),
    "gamma": (1.5, 3.0),
    "generalized": (True, True),
    "ignore_index": (0, None),
    "keepdims": (True, False),
    "label_smoothing": (0.1, 0.3),
    "lambda_": (0.25, 1.5),
    "log_input": (False, False),
    "log_target": (True, True),
    "logits": (True, True),
    "lower": (0.0625, 0.25),
    "margin": (0.3, 2.0),
    "max_value": (0.75, 3.0),
    "min_value": (-0.5, -2.0),
    "negative_slope": (0.2, 0.5),
    "offset": (0.25, -1.0),
    "p": (1.0, 3.0),
    "pos_weight": (0.5, 3.0),
    "power": (1.2, 1.9),
    "q": (0.3, 0.9),
    "reduction": ("sum", "none"),
    "return_sign": (True, False),
    "scale": (10.0, 30.0),
    "slope": (0.5, 2.0),
    "smooth": (0.5, 2.0),
    "softcap": (2.0, 30.0),
    "swap": (True, True),
    "symmetric": (True, True),
    "temperature": (0.5, 3.0),
    "threshold": (0.5, -0.25),
    "upper": (0.5, 0.75),
    "value": (-1.0, 2.0),
    "var": (0.5, 2.0),
    "z_loss": (1e-3, 0.5),
    "zero_infinity": (True, True),
}
# Where a function has other limits than its namesakes, and with which settings the derivative is not recoverable from
# the output.
VALID_OF = {"multi_margin": {"p": (2.0, 1.0)}, "sigmoid_focal": {"gamma": (0.0, 3.0)}}
ONLY_FROM_INPUT = {"relu": ("max_value", "negative_slope", "threshold")}


def valid(function, *names):
    own = VALID_OF.get(function, {})
    return {name: own.get(name) or usual(function, name) or in_range(function, name) for name in names}


def usual(function, name):
    """What its namesakes may be, unless it has another range."""
    range_ = getattr(getattr(nn, function), "ranges", {}).get(name)
    fits = name in VALID and (range_ is None or all(range_.low <= x <= range_.high for x in VALID[name]))
    return VALID[name] if fits else None


def in_range(function, name):
    """Two numbers that a hyperparameter may be by its entry, and is not by default."""
    function = getattr(nn, function)
    range_, default = function.ranges.get(name, FINITE), function.defaults[name]
    return tuple(x for x in (0.3, 0.7, 1.5, 2.5) if range_.low < x < range_.high and x != default)[:2]


# Activations and units

ELEMENTS: dict[str, Any] = {}
ROWS: dict[str, Any] = {"shapes": ((1, 2), (3, 4), (5, 18), (2, 300)), "leading": True}
X, GRAD = Argument("x", normal), Argument("grad", normal)
RNG = Argument("rng", generator, typed=False)


def rows_of_activations():
    for name, f in nn.ACTIVATIONS.items():
        options = {"settings": valid(name, *f.defaults)}
        x = X if f.facts.domain == (-np.inf, np.inf) else Argument("x", between(*f.facts.domain))
        yield Row(name, (x,), **options)
        yield Row(f"{name}.derivative", (x,), **options)
        yield Row(f"{name}.backward", (GRAD, x), **options)
        if f.backward.differentiable_from_output:
            recoverable = [n for n in f.defaults if n not in ONLY_FROM_INPUT.get(name, ())]
            y = Argument("y", normal, keyword=True)
            yield Row(f"{name}.backward, y", (GRAD, y), valid(name, *recoverable))


def rows_of_units():
    gate, of_half = Argument("gate", normal), Argument("grad", half(normal))
    for name, f in nn.UNITS.items():
        if not hasattr(f, "defaults"):
            continue
        options = {"settings": valid(name, *f.defaults)}
        yield Row(name, (X, gate), **options)
        yield Row(f"{name}, halves", (X,), **options, **ROWS)
        yield Row(f"{name}.backward", (GRAD, X, gate), outs=(0, 1), tuple_out=True, **options)
        yield Row(f"{name}.backward, halves", (of_half, X), **options, **ROWS)
    slopes = Argument("weight", of_columns(normal))
    # The channels are axis 1, of whatever is before and after.
    channels = {"shapes": ((1, 1), (3, 17), (2, 300)), "leading": False}
    yield Row("prelu", (X, slopes), **channels)
    yield Row("prelu.backward", (GRAD, X, slopes), **channels)
    each, alone = (
        Argument("weight", normal),
        {"shapes": ((1,), (17,), (1000,)), "leading": False, "always": {"axis": 0}},
    )
    yield Row("prelu, a slope for each", (X, each), **alone)
    yield Row("prelu.backward, a slope for each", (GRAD, X, each), **alone)
    one = Argument("weight", lambda rng, shape: normal(rng, ()))
    yield Row("prelu, one slope", (X, one))
    yield Row("prelu.backward, one slope", (GRAD, X, one))
    limits, y = valid("rrelu", "lower", "upper"), Argument("y", normal, keyword=True)
    rng = Argument("rng", generator, keyword=True, typed=False)
    yield Row("rrelu", (X,), limits)
    yield Row("rrelu, random", (X, rng), limits, independent=never)
    yield Row("rrelu.backward", (GRAD, X), limits)
    yield Row("rrelu.backward, y", (GRAD, X, y), limits)
    yield Row("maxout", (X,), **ROWS)
    yield Row("maxout.backward", (Argument("grad", of_rows(normal)), X), **ROWS)


# Rows

WHERE = Argument("where", mask, keyword=True, optional=True, typed=False)


def never(settings):
    return False


def along_rows(settings):
    return settings.get("axis", -1) == -1


def rows_of_row_functions():
    options = {**ROWS, "independent": along_rows}
    for name, f in nn.ROW_FUNCTIONS.items():
        options["settings"] = valid(name, *f.defaults, "axis")
        yield Row(name, (X, WHERE), **options)
        yield Row(f"{name}.backward", (GRAD, X, WHERE), **options)
        if f.backward.differentiable_from_output:
            yield Row(f"{name}.backward, y", (GRAD, Argument("y", distribution, keyword=True), WHERE), **options)
    picked = Argument("labels", labels, typed=False, refused=999)
    options["settings"] = valid("selective_log_softmax", "ignore_index", "softcap")
    yield Row("selective_log_softmax", (X, picked), **options)
    yield Row("selective_log_softmax.backward", (Argument("grad", of_rows(normal)), X, picked), **options)
    options["settings"] = valid("gumbel_softmax", "temperature", "axis")
    yield Row("gumbel_softmax", (X, RNG, WHERE), **{**options, "independent": never})
    b = Argument("b", weights, keyword=True, optional=True)
    grad = Argument("grad", of_rows(normal))
    for name in nn.rows.LOG_SUMS:
        yield Row(name, (X, b, WHERE), **{**options, "settings": valid(name, "keepdims", "return_sign", "axis")})
        yield Row(f"{name}.backward", (grad, X, b, WHERE), **{**options, "settings": {}})


# Layers

TABLE_ROWS = 9


def table(rng, shape):
    return normal(rng, (TABLE_ROWS, shape[-1]))


def index(rng, shape):
    return rng.integers(TABLE_ROWS, size=shape[:-1])


def quarter(rng, shape):
    """A row for each of a call's last two axes but one, of a quarter of the last."""
    return normal(rng, (shape[-2], shape[-1] // 4))


def of_channels(make):
    """One for each channel of (items, channels, places)."""
    return lambda rng, shape: make(rng, shape[1:2])


def rows_of_normalizations():
    weight, bias = (Argument(name, of_columns(normal), optional=True) for name in ("weight", "bias"))
    residual, total, grad_total = (Argument(name, normal) for name in ("residual", "total", "grad_total"))
    for name, parameters in {"layer_norm": (weight, bias), "rms_norm": (weight,)}.items():
        settings = {"epsilon": (1e-3, 0.5), "axis": (0, -1), **({"offset": (1.0, 0.5)} if name == "rms_norm" else {})}
        yield Row(name, (X, *parameters), settings, **ROWS, independent=along_rows)
        yield Row(f"{name}.backward", (GRAD, X, weight), settings, **ROWS, independent=never)
        both = {"outs": (0, 1), "tuple_out": True}
        yield Row(f"add_{name}", (X, residual, *parameters), settings, **both, **ROWS, independent=along_rows)
        yield Row(f"add_{name}.backward", (GRAD, grad_total, total, weight), settings, **ROWS, independent=never)
    weight, bias = (Argument(name, of_channels(normal), optional=True) for name in ("weight", "bias"))
    options = {"shapes": ((1, 2, 3), (3, 4, 5), (2, 6, 300)), "leading": False, "independent": never}
    for name, always in {"group_norm": {"groups": 2}, "instance_norm": {}, "batch_norm": {}}.items():
        settings = {"epsilon": (1e-3, 0.5)}
        yield Row(name, (X, weight, bias), settings, always=always, **options)
        yield Row(f"{name}.backward", (GRAD, X, weight), settings, always=always, **options)


def of_values(rng, shape):
    """Rows of values beside those of keys, of another length."""
    return normal(rng, (*shape[:-1], 3))


def rows_of_units_of_rows():
    """Layers of rows without statistics."""
    weight, bias = (Argument(name, of_columns(normal), optional=True) for name in ("weight", "bias"))
    settings = {"p": (1.0, 3.0), "epsilon": (1e-3, 0.5)}
    yield Row("normalize", (X,), settings, **ROWS, independent=along_rows)
    yield Row("normalize.backward", (GRAD, X), settings, **ROWS, independent=along_rows)
    alpha = Argument("alpha", lambda rng, shape: 0.7, typed=False)
    yield Row("dyt", (X, alpha, weight, bias), **ROWS, independent=along_rows)
    yield Row("dyt.backward", (GRAD, X, alpha, weight), **ROWS, independent=never)
    required = Argument("bias", of_columns(normal))
    settings = {"activation": ("gelu", "tanh")}
    yield Row("bias_activation", (X, required), settings, **ROWS, independent=along_rows)
    yield Row("bias_activation.backward", (GRAD, X, required), settings, **ROWS, independent=never)


def rows_of_layers():
    yield from rows_of_normalizations()
    yield from rows_of_units_of_rows()
    options = {"shapes": ((1, 1), (5, 7), (2, 300)), "independent": never}
    settings = {"scale": (0.5, 2.0), "causal": (True, True), "window": ((2, 0), (40, None))}
    settings["alignment"] = ("lower_right", "upper_left")
    which = Argument("mask", mask, optional=True, typed=False)
    which_key = Argument("mask", lambda rng, shape: mask(rng, (shape[-2], 1)), optional=True, typed=False)
    yield Row("attention_softmax", (Argument("scores", normal), which), settings, **options)
    y = Argument("y", distribution)
    yield Row("attention_softmax.backward", (GRAD, y), settings, **options)
    of_heads = {"shapes": ((1, 1, 1), (2, 5, 7), (3, 4, 300)), "leading": False, "independent": never}
    yield Row("attention_softmax.sink_gradient", (GRAD, y), outs=(), **of_heads)
    options = {"shapes": ((1, 1), (5, 7), (4, 300)), "independent": never}
    query, key = (Argument(name, normal) for name in ("query", "key"))
    value = Argument("value", of_values)
    settings = {**settings, "softcap": (2.0, 5.0)}
    yield Row("scaled_dot_product_attention", (query, key, value, which_key), settings, **options)
    of_value = Argument("grad", of_values)
    outs = {"outs": (0, 1, 2), "tuple_out": True}
    arguments = (of_value, query, key, value, which_key)
    yield Row("scaled_dot_product_attention.backward", arguments, settings, **outs, **options)
    of_positions = Argument("cosines", quarter), Argument("sines", quarter)
    options = {"shapes": ((1, 4), (5, 8), (3, 300)), "leading": False, "independent": never}
    settings = {"interleaved": (True, True)}
    yield Row("rotary_embedding", (X, *of_positions), settings, **options)
    yield Row("rotary_embedding.backward", (GRAD, *of_positions), settings, **options)
    for name, arguments in {
        "dropout": (X,),
        "alpha_dropout": (X,),
        "dropout_add": (X, Argument("residual", normal)),
    }.items():
        settings = {"rate": (0.1, 0.75), "offset": (1, 2**40)}
        yield Row(name, arguments, settings, always={"seed": 7}, independent=never)
        if name != "dropout_add":
            yield Row(f"{name}.backward", (GRAD,), settings, always={"seed": 7}, independent=never)
    options = {"shapes": ((1, 3), (5, 7), (20, 30)), "leading": False, "independent": never}
    of_table, which = Argument("table", table), Argument("index", index, typed=False, refused=999)
    yield Row("embedding", (of_table, which), **options)
    yield Row("embedding.backward", (GRAD, which), always={"rows": TABLE_ROWS}, **options)
    rows = Argument("rows", normal, typed=False)
    yield Row("scatter_add", (of_table, which, rows), outs=(), changes="table", **options)


# Losses

MAKERS = {
    Domain.NUMBERS: normal,
    Domain.POSITIVE: positive,
    Domain.PROBABILITIES: probability,
    Domain.DISTRIBUTIONS: distribution,
    Domain.COSINES: between(-1, 1),
    Domain.MARKS: hot,
    Domain.SIGNS: sign,
}
PARTS = ("", ".gradient", ".value_and_gradient", ".hessian", ".gradient_and_hessian")
OUTS = {"": (0,), ".gradient": (0,), ".value_and_gradient": (1,), ".hessian": (0,), ".gradient_and_hessian": (0, 1)}


def losses_of(kind):
    return [(name, loss) for name, loss in nn.losses.ALL.items() if isinstance(loss, kind)]


def makers(loss, labelled):
    """What makes predictions and targets in a loss's domain."""
    prediction, target = (MAKERS[domain] for domain in loss.domains)
    return prediction, labels if labelled else target


def unreduced(settings):
    return settings.get("reduction") == "none"


def unreduced_or_summed(settings):
    """A sum's gradient is that of each value."""
    return settings.get("reduction") in ("sum", "none")


def rows_of_losses():
    for _, loss in losses_of(Loss):
        for name in [loss.__name__] + [f"{loss.__name__}, rows"] * (loss.takes_labels and loss.takes_rows):
            labelled = loss.takes_labels and "rows" not in name
            prediction, target = makers(loss, labelled)
            item = of_rows if loss.of_rows else lambda make: make
            arguments = [
                Argument("prediction", prediction, refused=2.0 if loss.of_probabilities else None),
                Argument("target", target, typed=not labelled, refused=999 if labelled else None),
                Argument("weight", item(weights), keyword=True, optional=True, typed=False),
                # Lists of different lengths are masked by the item.
                Argument("where", mask if name == "ranking_softmax" else item(mask), True, True, typed=False),
            ]
            if loss.varying:
                range_ = loss.ranges.get(loss.varying, NOT_NEGATIVE)
                make, refused = (
                    (probability, 2.0) if range_.high == 1 else (positive, -1.0 if range_.low == 0 else np.inf)
                )
                arguments.append(Argument(loss.varying, make, True, True, typed=False, refused=refused))
            names = [n for n in (*loss.defaults, *loss.options) if n not in (loss.varying, "class_weight", "axis")]
            if "class_weight" in loss.options:
                arguments.append(Argument("class_weight", of_columns(weights), True, True, typed=False))
            settings = valid(loss.__name__, *names, "reduction", "denominator")
            shapes = {"shapes": ((1, 3), (5, 17), (2, 300))} if loss.of_rows else {}
            independent = unreduced if loss.__name__ == "rmse" else unreduced_or_summed
            for part in PARTS:
                path = name.replace(loss.__name__, loss.__name__ + part, 1)
                outs = {"outs": OUTS[part], "tuple_out": len(OUTS[part]) > 1, "values_out": not part}
                yield Row(path, tuple(arguments), settings, **outs, **shapes, independent=independent)
    required = [
        Argument("prediction", normal),
        Argument("target", normal),
        Argument("var", positive, True, typed=False),
    ]
    optional = [Argument(name, make, True, True, False) for name, make in (("weight", weights), ("where", mask))]
    settings = valid("gaussian_nll", "eps", "reduction", "denominator")
    yield Row("gaussian_nll.var_gradient", (*required, *optional), settings, independent=unreduced_or_summed)


# Losses of several arrays


def rows_of_joint_losses():
    for name, loss in losses_of(JointLoss):
        rowwise = name in ("cosine_embedding", "triplet_margin")
        item = of_rows if rowwise else lambda make: make
        # Signs beside rows may be of any type; beside scores they are numbers like these.
        target = Argument("target", item(sign), typed=not rowwise, refused=0.5)
        arrays = [p.name for p in signature(loss.entry).parameters.values() if p.kind is not p.KEYWORD_ONLY]
        make, refused = (lambda rng, shape: -positive(rng, shape), 1.0) if name == "orpo" else (normal, None)
        arguments = [target if array == "target" else Argument(array, make, refused=refused) for array in arrays]
        count = sum(array != "target" and not array.startswith("reference") for array in arrays)
        arguments += [Argument(n, item(make), True, True, False) for n, make in (("weight", weights), ("where", mask))]
        settings = valid(name, *(n for n in loss.defaults if n != "distance"), "reduction", "denominator")
        shapes = {"shapes": ((1, 3), (5, 17), (2, 300))} if rowwise else {}
        for part in PARTS:
            first = int("value" in part)
            outs = tuple(range(first, first + count)) if part not in ("", ".gradient_and_hessian") else ()
            yield Row(
                name + part,
                tuple(arguments),
                settings,
                outs=outs if part else (0,),
                tuple_out=bool(part),
                values_out=not part,
                independent=unreduced_or_summed,
                **shapes,
            )


def lengths(rng, shape):
    return np.append(rng.integers(2, 4, shape[0] - 1), 3)


def rows_of_batch_losses():
    """Losses whose values need the whole batch, or products of matrices."""
    whole = {"leading": False, "independent": never}
    of_few = Argument("labels", lambda rng, shape: rng.permutation(np.arange(shape[0]) // 2), typed=False)
    for name, loss in losses_of(BatchLoss):
        options = {"shapes": ((4, 3), (9, 17), (30, 20)), **whole}
        arguments = Argument("embeddings", normal), of_few
        given = valid(name, *loss.defaults)
        yield Row(name, arguments, {**given, "reduction": ("none", "sum")}, values_out=True, **options)
        yield Row(f"{name}.gradient", arguments, {**given, "reduction": ("sum", "mean")}, **options)
        yield Row(
            f"{name}.value_and_gradient", arguments, {**given, "reduction": ("sum", "mean")}, outs=(1,), **options
        )
    for name, loss in losses_of(PairLoss):
        options = {"shapes": ((4, 3), (9, 17), (30, 20)), **whole}
        arguments, given = (Argument("x1", normal), Argument("x2", normal)), valid(name, *loss.defaults)
        yield Row(name, arguments, {**given, "reduction": ("none", "sum")}, values_out=True, **options)
        for part, outs in {".gradient": (0, 1), ".value_and_gradient": (1, 2)}.items():
            settings = {**given, "reduction": ("sum", "mean")}
            yield Row(name + part, arguments, settings, outs=outs, tuple_out=True, **options)
    arguments = (
        Argument("hidden", normal),
        Argument("weight", lambda rng, shape: normal(rng, (7, shape[-1]))),
        Argument("labels", lambda rng, shape: rng.integers(7, size=shape[:-1]), typed=False, refused=999),
        Argument("sample_weight", of_rows(weights), keyword=True, optional=True, typed=False),
    )
    settings = valid("linear_cross_entropy", "ignore_index", "z_loss", "softcap", "denominator")
    options = {"shapes": ((1, 3), (5, 7), (20, 30)), **whole}
    reductions = {"reduction": ("none", "sum")}
    yield Row("linear_cross_entropy", arguments, {**settings, **reductions}, outs=(), **options)
    reductions = {"reduction": ("sum", "mean")}
    outs = {"outs": (1, 2), "tuple_out": True}
    yield Row("linear_cross_entropy.value_and_gradient", arguments, {**settings, **reductions}, **outs, **options)
    arguments = (
        Argument("prediction", lambda rng, shape: normal(rng, (9, *shape))),
        Argument("target", lambda rng, shape: rng.integers(1, shape[1], (shape[0], 3)), typed=False, refused=999),
        *(Argument(name, lengths, optional=True, typed=False) for name in ("input_lengths", "target_lengths")),
    )
    settings = valid("ctc", "logits", "zero_infinity", "reduction")
    options = {"shapes": ((1, 2), (3, 5), (7, 40)), "leading": False, "independent": unreduced_or_summed}
    yield Row("ctc", arguments, settings, values_out=True, **options)
    yield Row("ctc.gradient", arguments, settings, **options)
    yield Row("ctc.value_and_gradient", arguments, settings, outs=(1,), **options)


# Optimizers

OF_ALL = {
    "maximize": (True, False),
    "cautious": (True, True),
    "clip_norm": (1.0, 5.0),
    "clip_value": (0.5, 1.0),
    "clip_unit": (0.5, 1.0),
    "average": (nn.optimizers.lookahead(2), nn.optimizers.ema()),
    "accumulate": (2, 3),
    "skip_not_finite": (True, True),  # a norm that is not finite is an error otherwise
    "groups": (((nn.optimizers.is_no_matrix, nn.adam(0.1)),), ()),
}


def settings_of(optimizer):
    """Those of its update, with the values that they have in some way."""
    ways = [settings for way, settings in WAYS.items() if optimizer_of(way) is optimizer]
    values = {name: tuple(settings[name] for settings in ways if name in settings) for way in ways for name in way}
    if optimizer is nn.sgd:
        values["dampening"] = 0.0, 0.3  # does not go with nesterov
    return {"learning_rate": (0.1, 0.5), "weight_decay": (0.01, 0.1), **values}


def rows_of_optimizers():
    """One with the settings of its update, and one with those that all have beside."""
    for name, optimizer in nn.OPTIMIZERS.items():
        arguments = [Argument("parameter", normal), Argument("gradient", normal, typed=False)]
        if optimizer is nn.sophia:
            arguments.append(Argument("hessian", positive, keyword=True, optional=True, typed=False))
        options = {"outs": (), "changes": "parameter"}
        own = settings_of(optimizer)
        of_any_shape = {
            "leading": optimizer not in (nn.adafactor, nn.muon),
            "independent": (lambda settings: True) if optimizer not in (*WHOLE, *TOGETHER) else never,
        }
        yield Row(f"{name}.step", tuple(arguments), own, **options, **of_any_shape)
        common = {setting: values for setting, values in OF_ALL.items() if fits(optimizer, {setting})}
        of_units = {"leading": False, "independent": never}
        yield Row(f"{name}.step, all settings", tuple(arguments), {**own, **common}, **options, **of_units)


TABLE = {
    row.name: row
    for rows in (
        rows_of_activations,
        rows_of_units,
        rows_of_row_functions,
        rows_of_layers,
        rows_of_losses,
        rows_of_joint_losses,
        rows_of_batch_losses,
        rows_of_optimizers,
    )
    for row in rows()
}

WITHOUT_ARRAYS = {
    "activation",
    "get_num_threads",
    "num_threads",
    "one_hot",  # of integers only
    "recommend",
    "rotary_table",  # of positions
    "set_num_threads",
    "show_config",
}


def public_callables():
    """The paths of all that the package offers to be called with arrays."""
    for name in nn.__all__:
        function = getattr(nn, name)
        if name in nn.OPTIMIZERS:
            yield f"{name}.step"
        elif callable(function) and name not in WITHOUT_ARRAYS:
            yield name
            parts = {p: value for p, value in vars(function).items() if isinstance(value, Declared) and p[0] != "_"}
            # prelu.broadcast is a part of prelu, and not called by itself.
            yield from (f"{name}.{part}" for part, value in parts.items() if type(value).__name__ != "BroadcastPRelu")
