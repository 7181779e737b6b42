"""Arrays of other libraries, and subclasses of NumPy's."""

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import scipy.special
import xarray as xr

import fastnn as nn

X = np.random.default_rng(3).normal(0, 2, (6, 8))
GRAD = np.cos(np.arange(48.0)).reshape(6, 8)
DERIVATIVE = nn.reference.tanh_derivative(X)
LEAKY = nn.reference.leaky_relu(X, 0.3)
LEAKY_DERIVATIVE = nn.reference.leaky_relu_derivative(X, 0.3)

# A function of a gradient and an input, and what it gives for GRAD and X.
ELEMENTWISE = {
    "value": (lambda grad, x: nn.tanh(x), np.tanh(X)),
    "derivative": (lambda grad, x: nn.tanh.derivative(x), DERIVATIVE),
    "backward": (lambda grad, x: nn.tanh.backward(grad, x), GRAD * DERIVATIVE),
    "backward from output": (lambda grad, x: nn.tanh.backward(grad, y=np.tanh(x)), GRAD * DERIVATIVE),
    "value with a slope": (lambda grad, x: nn.leaky_relu(x, negative_slope=0.3), LEAKY),
    "derivative with a slope": (lambda grad, x: nn.leaky_relu.derivative(x, negative_slope=0.3), LEAKY_DERIVATIVE),
    "backward with a slope": (
        lambda grad, x: nn.leaky_relu.backward(grad, x, negative_slope=0.3),
        GRAD * LEAKY_DERIVATIVE,
    ),
}
each_elementwise = pytest.mark.parametrize(("call", "expected"), ELEMENTWISE.values(), ids=list(ELEMENTWISE))


def rowwise(axis):
    y, log_y = scipy.special.softmax(X, axis), scipy.special.log_softmax(X, axis)
    back = nn.reference.softmax_backward(GRAD, y, axis)
    return {
        "softmax": (lambda grad, x: nn.softmax(x, axis), y),
        "log_softmax": (lambda grad, x: nn.log_softmax(x, axis), log_y),
        "backward": (lambda grad, x: nn.softmax.backward(grad, x, axis), back),
        "backward from output": (lambda grad, x: nn.softmax.backward(grad, y=nn.softmax(x, axis), axis=axis), back),
    }


ROWWISE = [(axis, *row) for axis in (0, 1, -1) for row in rowwise(axis).values()]
each_rowwise = pytest.mark.parametrize(
    ("axis", "call", "expected"), ROWWISE, ids=[f"{name} {axis}" for axis in (0, 1, -1) for name in rowwise(axis)]
)


def assert_close(actual, expected):
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=1e-12, atol=1e-14)


# Dask


def chunked(x, *chunks):
    return da.from_array(x, chunks=chunks)


@each_elementwise
def test_dask_stays_lazy(call, expected):
    result = call(chunked(GRAD, 4, 3), chunked(X, 4, 3))
    assert isinstance(result, da.Array)
    assert result.chunks == ((4, 2), (3, 3, 2))
    assert_close(result.compute(scheduler="sync"), expected)


def test_dask_computes_nothing_before_it_is_asked():
    def fail(block):
        raise RuntimeError("computed")

    lazy = nn.tanh(da.map_blocks(fail, chunked(X, 3, 4), dtype=X.dtype, meta=np.empty((0, 0))))
    with pytest.raises(RuntimeError, match="computed"):
        lazy.compute(scheduler="sync")


@pytest.mark.parametrize(("given", "result"), [("f4", "f4"), ("f8", "f8"), ("i8", "f8"), ("?", "f8")])
def test_dask_knows_the_type_of_the_result(given, result):
    lazy = nn.tanh(chunked(X.astype(given), 3, 4))
    assert lazy.dtype == lazy.compute(scheduler="sync").dtype == result


@each_elementwise
def test_dask_beside_numpy(call, expected):
    for grad, x in [(GRAD, chunked(X, 3, 4)), (chunked(GRAD, 3, 4), chunked(X, 2, 8))]:
        result = call(grad, x)
        assert isinstance(result, da.Array)
        assert_close(result.compute(scheduler="sync"), expected)


def test_a_dask_gradient_beside_a_numpy_input():
    result = nn.tanh.backward(chunked(GRAD, 3, 4), X)
    assert isinstance(result, da.Array)
    assert_close(result.compute(scheduler="sync"), GRAD * DERIVATIVE)


@each_rowwise
def test_dask_with_whole_rows(axis, call, expected):
    chunks = (6, 3) if axis == 0 else (4, 8)
    result = call(chunked(GRAD, *chunks), chunked(X, *chunks))
    assert isinstance(result, da.Array)
    assert_close(result.compute(scheduler="sync"), expected)


@each_rowwise
def test_dask_with_divided_rows_is_refused(axis, call, expected):
    chunks = (4, 8) if axis == 0 else (6, 3)
    with pytest.raises(ValueError, match=rf"axis {axis} is divided into \d chunks; rechunk it into one"):
        call(chunked(GRAD, *chunks), chunked(X, *chunks))


def test_dask_with_divided_rows_in_the_second_operand_only_is_refused():
    with pytest.raises(ValueError, match="axis -1 is divided into 3 chunks; rechunk it into one"):
        nn.softmax.backward(chunked(GRAD, 6, 8), y=chunked(X, 6, 3))


@pytest.mark.parametrize("axis", [2, -3])
def test_dask_without_such_an_axis(axis):
    with pytest.raises(np.exceptions.AxisError):
        nn.softmax(chunked(X, 6, 8), axis)


# xarray


def labelled(values):
    return xr.DataArray(values, dims=("time", "place"), coords={"time": list("abcdef")}, name="wind")


def assert_labelled(result, expected):
    assert isinstance(result, xr.DataArray)
    assert result.dims == ("time", "place")
    assert list(result.coords) == ["time"]
    assert list(result.coords["time"].values) == list("abcdef")
    assert result.name == "wind"
    assert_close(result, expected)


@each_elementwise
def test_xarray_keeps_its_labels(call, expected):
    assert_labelled(call(labelled(GRAD), labelled(X)), expected)
    assert_labelled(call(GRAD, labelled(X)), expected)


@each_rowwise
def test_xarray_keeps_its_labels_in_row_functions(axis, call, expected):
    assert_labelled(call(labelled(GRAD), labelled(X)), expected)
    assert_labelled(call(GRAD, labelled(X)), expected)


@each_elementwise
def test_xarray_matches_dimensions_by_name(call, expected):
    assert_labelled(call(labelled(GRAD), labelled(X).transpose("place", "time")).transpose("time", "place"), expected)


def test_a_dataset_of_xarray():
    result = nn.tanh(xr.Dataset({"wind": labelled(X), "rain": labelled(GRAD)}))
    assert isinstance(result, xr.Dataset)
    assert_labelled(result["wind"], np.tanh(X))
    assert_close(result["rain"], np.tanh(GRAD))


@each_elementwise
def test_xarray_of_dask_stays_lazy(call, expected):
    result = call(labelled(GRAD).chunk(time=2), labelled(X).chunk(time=2))
    assert isinstance(result.data, da.Array)
    assert_labelled(result.compute(scheduler="sync"), expected)


@pytest.mark.parametrize("dask_first", [False, True])
def test_dask_beside_xarray_leaves_it_to_xarray(dask_first):
    if dask_first:
        result = nn.tanh.backward(chunked(GRAD, 3, 4), labelled(X))
    else:
        result = nn.tanh.backward(labelled(GRAD), chunked(X, 3, 4))
    assert isinstance(result.data, da.Array)
    assert_labelled(result.compute(scheduler="sync"), GRAD * DERIVATIVE)


def test_xarray_of_dask_in_row_functions():
    result = nn.softmax(labelled(X).chunk(time=2))
    assert isinstance(result.data, da.Array)
    assert_labelled(result.compute(scheduler="sync"), scipy.special.softmax(X, -1))
    with pytest.raises(ValueError, match="axis 0 is divided into 3 chunks"):
        nn.softmax(labelled(X).chunk(time=2), axis=0)


# pandas


def frame(values):
    return pd.DataFrame(values, index=list("abcdef"), columns=list("rstuvwxy"))


def series(values):
    return pd.Series(values, index=list("abcdefgh"), name="wind")


@each_elementwise
def test_a_frame_keeps_its_index_and_columns(call, expected):
    pd.testing.assert_frame_equal(call(frame(GRAD), frame(X)), frame(expected), rtol=1e-12)
    pd.testing.assert_frame_equal(call(GRAD, frame(X)), frame(expected), rtol=1e-12)


@each_rowwise
def test_a_frame_keeps_its_index_and_columns_in_row_functions(axis, call, expected):
    pd.testing.assert_frame_equal(call(frame(GRAD), frame(X)), frame(expected), rtol=1e-12)


@each_elementwise
def test_a_series_keeps_its_index_and_name(call, expected):
    pd.testing.assert_series_equal(call(series(GRAD[2]), series(X[2])), series(expected[2]), rtol=1e-12)
    pd.testing.assert_series_equal(call(list(GRAD[2]), series(X[2])), series(expected[2]), rtol=1e-12)


@pytest.mark.parametrize("f", [nn.softmax, nn.log_softmax], ids=["softmax", "log_softmax"])
def test_a_series_is_a_row(f):
    expected = series(getattr(scipy.special, f.__name__)(X[2]))
    pd.testing.assert_series_equal(f(series(X[2])), expected, rtol=1e-12)
    pd.testing.assert_series_equal(f(series(X[2]), 0), expected, rtol=1e-12)


@pytest.mark.parametrize(("given", "result"), [("f4", "f4"), ("i4", "f8"), ("?", "f8")])
def test_pandas_has_the_same_rules_of_type(given, result):
    x = (X > 0).astype(given)
    assert nn.tanh(series(x[0])).dtype == result
    assert set(nn.tanh(frame(x)).dtypes) == {np.dtype(result)}


def test_a_frame_of_several_types():
    x = pd.DataFrame({"whole": [1, 2], "single": np.array([0.5, -1], np.float32), "double": [0.25, -3.0]})
    y = nn.tanh(x)
    assert list(y.dtypes) == [np.float64, np.float32, np.float64]
    np.testing.assert_allclose(y, np.tanh(x.astype(np.float64)), rtol=1e-7)


def test_series_are_aligned_by_index():
    result = nn.tanh.backward(series(GRAD[0]), series(X[0])[::-1])
    pd.testing.assert_series_equal(result.sort_index(), series(GRAD[0] * DERIVATIVE[0]), rtol=1e-12)


def test_missing_values_stay_missing():
    y = nn.sigmoid(pd.Series([0.0, None], dtype="Float64"))
    assert y.dtype == "Float64"
    assert y[0] == 0.5
    assert y[1] is pd.NA


def test_text_in_pandas_is_refused():
    with pytest.raises(TypeError, match="has dtype"):
        nn.tanh(pd.Series(["a", "b"], dtype=object))


# NumPy's subclasses, and others


class Subclass(np.ndarray):
    pass


@pytest.mark.parametrize("kind", [Subclass, np.matrix], ids=lambda kind: kind.__name__)
@each_elementwise
def test_subclasses_give_plain_arrays(call, expected, kind):
    x = X.view(kind)
    result = call(GRAD.view(kind), x)
    assert type(result) is np.ndarray
    assert_close(result, expected)


def test_out_of_a_subclass_is_filled_and_given_back():
    for call, expected in [(nn.tanh, np.tanh(X)), (nn.softmax, scipy.special.softmax(X, -1))]:
        out = np.zeros((6, 8)).view(Subclass)
        assert call(X, out=out) is out
        assert_close(out, expected)


class Measured(np.ndarray):
    """An array with a unit, which its views and copies keep."""

    unit = None

    def __array_finalize__(self, parent):
        self.unit = getattr(parent, "unit", None)


CARRYING = {
    "masked": np.ma.array(X, mask=X > 0),
    "nothing masked": np.ma.array(X),
    "with a unit": X.view(Measured),
}
FAMILIES = {
    "activation": lambda x: nn.relu(x),
    "derivative": lambda x: nn.relu.derivative(x),
    "backward": lambda x: nn.relu.backward(X, x),
    "gradient": lambda x: nn.relu.backward(x, X),
    "gated": lambda x: nn.glu(x),
    "gate": lambda x: nn.glu(X, x),
    "prelu": lambda x: nn.prelu(x, 0.1),
    "slopes": lambda x: nn.prelu(X, x[0]),
    "rrelu": lambda x: nn.rrelu(x, rng=np.random.default_rng(0)),
    "maxout": lambda x: nn.maxout(x),
    "row": lambda x: nn.softmax(x),
    "loss": lambda x: nn.mse(x, X),
    "target": lambda x: nn.mse(X, x),
    "setting": lambda x: nn.leaky_relu(X, negative_slope=x),
    "mask": lambda x: nn.softmax(X, where=x),
    "out": lambda x: nn.relu(X, out=x),
    "out of rows": lambda x: nn.softmax(X, out=x),
    "out of maxout": lambda x: nn.maxout(np.stack([X, X]), 0, out=x),
}


@pytest.mark.parametrize("x", CARRYING.values(), ids=list(CARRYING))
@pytest.mark.parametrize("call", FAMILIES.values(), ids=list(FAMILIES))
def test_an_array_that_carries_more_than_numbers_is_refused(call, x):
    before = np.array(x)
    with pytest.raises(TypeError, match=r"^\w+ is a \w+, and what it carries beside numbers would be lost; give "):
        call(x)
    np.testing.assert_array_equal(np.asarray(x), before)


def test_a_memory_map_carries_nothing(tmp_path):
    x = np.memmap(tmp_path / "x", np.float64, "w+", shape=X.shape)
    x[...] = X
    assert type(nn.tanh(x)) is np.ndarray
    assert_close(nn.tanh(x), np.tanh(X))
    assert nn.tanh(x, out=x) is x
    assert_close(x, np.tanh(X))


class OfItsOwn(np.ndarray):
    def __array_ufunc__(self, function, method, *inputs, **keywords):
        return function, method, len(inputs), keywords


def test_a_subclass_that_says_how_functions_apply_is_asked():
    x = X.view(OfItsOwn)
    assert nn.tanh(x) == (nn.tanh, "__call__", 1, {})
    assert nn.leaky_relu.backward(X, x, negative_slope=2) == (
        nn.leaky_relu.backward,
        "__call__",
        2,
        {"negative_slope": 2.0},
    )


# polars

SERIES = {
    "value": (lambda grad, x: nn.tanh(x), np.tanh(X)),
    "value with a slope": ELEMENTWISE["value with a slope"],
    "backward": ELEMENTWISE["backward"],
    "backward from output": (lambda grad, y: nn.tanh.backward(grad, y=y), GRAD * (1 - X**2)),
    "glu": (lambda grad, x: nn.glu(grad, x), nn.reference.glu(GRAD, X)),
    "prelu": (lambda grad, x: nn.prelu(x, 0.1), nn.reference.leaky_relu(X, 0.1)),
    "softmax": (lambda grad, x: nn.softmax(x), scipy.special.softmax(X, -1)),
    "rrelu": (lambda grad, x: nn.rrelu(x), nn.reference.leaky_relu(X, 11 / 48)),
}


@pytest.mark.parametrize(("call", "expected"), SERIES.values(), ids=list(SERIES))
@pytest.mark.parametrize("dtype", ["Float64", "Float32"])
def test_a_series_of_polars_stays_one(call, expected, dtype):
    polars = pytest.importorskip("polars")
    kind = getattr(polars, dtype)
    result = call(*(polars.Series("wind", numbers[2], dtype=kind) for numbers in (GRAD, X)))
    assert isinstance(result, polars.Series)
    assert result.dtype == kind
    np.testing.assert_allclose(result.to_numpy(), expected[2], rtol=1e-5 if dtype == "Float32" else 1e-12)


def test_missing_and_whole_numbers_of_polars():
    polars = pytest.importorskip("polars")
    for kind in (polars.Int8, polars.Int64):
        y = nn.relu(polars.Series("wind", [-1, 2, None], dtype=kind))
        assert y.dtype == polars.Float64
        assert y.to_list() == [0, 2, None]
    frame = polars.DataFrame({"wind": [-1.0, 2.0]})
    assert frame.select(nn.leaky_relu(polars.col("wind"), negative_slope=0.5))["wind"].to_list() == [-0.5, 2]
    with pytest.raises(polars.exceptions.ComputeError, match="missing data"):
        nn.softmax(polars.Series("wind", [-1.0, None]))
    with pytest.raises(TypeError, match="a Series cannot be halved"):
        nn.glu(polars.Series("wind", [-1.0, 2.0]))


class Recording:
    """Says of itself how functions apply to it: it keeps what it was asked."""

    def __array_ufunc__(self, function, method, *inputs, **keywords):
        return function, method, inputs, keywords


def test_the_protocol_is_numpys():
    one, grad = Recording(), np.ones(3)
    assert nn.tanh(one) == (nn.tanh, "__call__", (one,), {})
    assert nn.tanh(grad, out=one) == (nn.tanh, "__call__", (grad,), {"out": (one,)})
    assert nn.leaky_relu(one, negative_slope=1) == (nn.leaky_relu, "__call__", (one,), {"negative_slope": 1})
    assert nn.tanh.backward(grad, one) == (nn.tanh.backward, "__call__", (grad, one), {})
    assert nn.softmax(one, 0) == (nn.softmax, "__call__", (one,), {"axis": 0})


class Refusing:
    def __array_ufunc__(self, function, method, *inputs, **keywords):
        return NotImplemented


class Forbidding:
    __array_ufunc__ = None


@pytest.mark.parametrize("call", [nn.tanh, nn.tanh.derivative, nn.softmax, nn.log_softmax], ids=lambda f: f.__name__)
def test_arrays_that_refuse(call):
    with pytest.raises(TypeError, match=rf"{call.__name__} is not defined for .* of type Refusing"):
        call(Refusing())
    with pytest.raises(TypeError):
        call(Forbidding())


class Convertible:
    def __array__(self, dtype=None, copy=None):
        return X.copy()


def test_what_numpy_can_convert_is_converted():
    assert_close(nn.tanh(Convertible()), np.tanh(X))
    assert_close(nn.softmax(Convertible()), scipy.special.softmax(X, -1))
