"""Layers are what ONNX defines them to be, where its own evaluator is installed."""

import numpy as np
import pytest

import fastnn as nn

rng = np.random.default_rng(0)
X = rng.normal(2, 3, (4, 6, 5, 3)).astype(np.float32)
NEAR = {"rtol": 1e-5, "atol": 2e-6}


def of(*shape):
    return rng.normal(size=shape).astype(np.float32)


WEIGHT, BIAS = of(6), of(6)


def defined(operator, *inputs, outputs=1, opset=None, **attributes):
    """The outputs of ONNX' reference implementation of an operator."""
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    names = [f"input{k}" if array is not None else "" for k, array in enumerate(inputs)]
    given = {name: array for name, array in zip(names, inputs, strict=True) if name}
    results = [f"output{k}" for k in range(outputs)]
    node = onnx.helper.make_node(operator, names, results, **attributes)
    tensor = {np.dtype(np.float32): onnx.TensorProto.FLOAT, np.dtype(bool): onnx.TensorProto.BOOL}
    tensor[np.dtype(np.int64)] = onnx.TensorProto.INT64
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [node],
        "definition",
        [value(name, tensor[array.dtype], array.shape) for name, array in given.items()],
        [value(name, onnx.TensorProto.FLOAT, None) for name in results],
    )
    version = opset or onnx.defs.onnx_opset_version()
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", version)])
    found = reference.ReferenceEvaluator(model).run(None, given)
    return found[0] if outputs == 1 else found


@pytest.mark.parametrize("axis", [-1, 2, 1])
def test_layer_normalization(axis):
    shape = X.shape[axis:]
    weight, bias = of(*shape), of(*shape)
    axes = tuple(range(axis % X.ndim, X.ndim))
    y, mean, inverse = defined("LayerNormalization", X, weight, bias, outputs=3, axis=axis, epsilon=1e-3)
    result, statistics = nn.layer_norm(X, weight, bias, axes, epsilon=1e-3, return_statistics=True)
    np.testing.assert_allclose(result, y, **NEAR)
    np.testing.assert_allclose(statistics[..., 0], mean.reshape(statistics.shape[:-1]), **NEAR)
    np.testing.assert_allclose(statistics[..., 1], inverse.reshape(statistics.shape[:-1]), **NEAR)


@pytest.mark.parametrize("axis", [-1, 2])
def test_rms_normalization(axis):
    weight = of(*X.shape[axis:])
    y = defined("RMSNormalization", X, weight, axis=axis, epsilon=1e-3)
    axes = tuple(range(axis % X.ndim, X.ndim))
    np.testing.assert_allclose(nn.rms_norm(X, weight, axes, epsilon=1e-3), y, **NEAR)


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_group_normalization(groups):
    y = defined("GroupNormalization", X, WEIGHT, BIAS, num_groups=groups, epsilon=1e-3)
    np.testing.assert_allclose(nn.group_norm(X, WEIGHT, BIAS, groups=groups, epsilon=1e-3), y, **NEAR)


def test_instance_normalization():
    y = defined("InstanceNormalization", X, WEIGHT, BIAS, epsilon=1e-3)
    np.testing.assert_allclose(nn.instance_norm(X, WEIGHT, BIAS, epsilon=1e-3), y, **NEAR)


def test_batch_normalization():
    mean, variance = of(6), np.abs(of(6)) + 1
    y = defined("BatchNormalization", X, WEIGHT, BIAS, mean, variance, epsilon=1e-3)
    result = nn.batch_norm(X, WEIGHT, BIAS, mean, variance, training=False, epsilon=1e-3)
    np.testing.assert_allclose(result, y, **NEAR)
    y, new_mean, new_variance = defined(
        "BatchNormalization", X, WEIGHT, BIAS, mean, variance, outputs=3, training_mode=1, momentum=0.75, epsilon=1e-3
    )
    settings = {"momentum": 0.75, "momentum_weighs": "old", "stores": "biased", "epsilon": 1e-3}
    result = nn.batch_norm(X, WEIGHT, BIAS, mean, variance, **settings)
    np.testing.assert_allclose(result, y, **NEAR)
    np.testing.assert_allclose(mean, new_mean, **NEAR)
    np.testing.assert_allclose(variance, new_variance, **NEAR)


@pytest.mark.parametrize("p", [1, 2])
def test_lp_normalization(p):
    x = np.abs(X)  # for p=1 the evaluator adds the numbers, and not their sizes
    np.testing.assert_allclose(nn.normalize(x, 1, p=p), defined("LpNormalization", x, axis=1, p=p), **NEAR)


@pytest.mark.parametrize("interleaved", [0, 1])
@pytest.mark.parametrize("features", [0, 4])
def test_rotary_embedding(interleaved, features):
    x, positions = of(2, 3, 5, 8), np.array([[0, 1, 2, 3, 4], [7, 2, 0, 1, 9]])
    cosines, sines = nn.rotary_table(10, features or 8)
    y = defined("RotaryEmbedding", x, cosines, sines, positions, interleaved=interleaved, rotary_embedding_dim=features)
    result = nn.rotary_embedding(x, cosines, sines, positions[:, np.newaxis], interleaved=bool(interleaved))
    np.testing.assert_allclose(result, y, **NEAR)


@pytest.mark.parametrize("kind", ["plain", "causal", "boolean", "added", "grouped", "capped"])
def test_attention(kind):
    heads = 2 if kind == "grouped" else 4
    query, key, value = of(2, 4, 5, 8), of(2, heads, 5, 8), of(2, heads, 5, 6)
    masks = {"boolean": rng.uniform(size=(5, 5)) < 0.8, "added": of(2, 1, 5, 5)}
    mask = masks.get(kind)
    if kind == "boolean":
        mask[:, 0] = True
    attributes = {"causal": {"is_causal": 1}, "capped": {"softcap": 1.5, "scale": 0.7}}.get(kind, {})
    y = defined("Attention", query, key, value, mask, **attributes)
    settings = {"causal": {"causal": True}, "capped": {"softcap": 1.5, "scale": 0.7}}.get(kind, {})
    np.testing.assert_allclose(nn.scaled_dot_product_attention(query, key, value, mask, **settings), y, **NEAR)


def test_embedding():
    table, index = of(10, 4), rng.integers(10, size=(3, 5))
    np.testing.assert_array_equal(nn.embedding(table, index), defined("Gather", table, index))
