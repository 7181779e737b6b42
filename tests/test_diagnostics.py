import numpy as np
import pytest

import fastnn as nn
from fastnn.ann import Design, Network
from fastnn.diagnostics import gradient_flow, plot_gradient_flow


def deep(hidden, layers=8, seed=0):
    return Network([4, *[10] * layers, 1], Design(hidden, nn.linear, nn.mse), dtype=np.float64, seed=seed)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 4))
    return x, x.sum(1)


def test_one_layer_by_hand():
    """L = (w x + b - t)^2 with w = 2, x = 3, b = 0, t = 5: dL/dw = 2 (6 - 5) 3 = 6."""
    network = Network([1, 1], Design(nn.relu, nn.linear, nn.mse), dtype=np.float64)
    network.layers[0].weight[...] = 2
    (layer,) = gradient_flow(network, [[3.0]], [5.0], learning_rate=0.1)
    assert layer.gradient.tolist() == [[6.0]]
    assert (layer.layer, layer.activation, layer.norm, layer.status) == (1, "linear", 6.0, "healthy")
    assert layer.relative_update == pytest.approx(0.1 * 6 / 2)


def test_the_chain_rule_of_one_unit_per_layer():
    """o = s(w3 s(w2 s(w1 x))), L = (o - t)^2: the factors of the one path multiply."""
    network = Network([1, 1, 1, 1], Design(nn.sigmoid, nn.sigmoid, nn.mse), dtype=np.float64)
    weights = [0.5, -1.5, 2.0]
    for layer, weight in zip(network.layers, weights, strict=True):
        layer.weight[...] = weight
    x, t, sigmoid = 0.7, 0.2, lambda z: 1 / (1 + np.exp(-z))
    o1 = sigmoid(weights[0] * x)
    o2 = sigmoid(weights[1] * o1)
    o3 = sigmoid(weights[2] * o2)
    d3 = 2 * (o3 - t) * o3 * (1 - o3)
    d2 = d3 * weights[2] * o2 * (1 - o2)
    d1 = d2 * weights[1] * o1 * (1 - o1)
    expected = [d1 * x, d2 * o1, d3 * o2]
    found = [layer.gradient.item() for layer in gradient_flow(network, [[x]], [t])]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_sigmoid_layers_vanish_and_relu_layers_do_not(data):
    vanishing = [layer.status for layer in gradient_flow(deep(nn.sigmoid), *data)]
    assert vanishing[:3] == ["vanishing"] * 3
    assert vanishing[-1] == "healthy"
    assert {layer.status for layer in gradient_flow(deep(nn.relu), *data)} == {"healthy"}


def test_large_weights_explode(data):
    network = deep(nn.relu)
    network.parameters *= 30
    assert gradient_flow(network, *data)[0].status == "exploding"
    network.parameters[...] = np.nan
    assert {layer.status for layer in gradient_flow(network, *data)} == {"exploding"}


def test_a_learning_rate_that_is_none(data):
    with pytest.raises(TypeError, match="learning_rate must be a number"):
        gradient_flow(deep(nn.tanh), *data, learning_rate="0.1")


def test_the_network_is_not_changed(data):
    network = deep(nn.tanh)
    before = network.parameters.copy()
    gradient_flow(network, *data)
    assert np.array_equal(network.parameters, before)


def test_the_picture_has_a_panel_per_network_and_a_bar_per_layer(data):
    flows = {"sigmoid": gradient_flow(deep(nn.sigmoid), *data), "relu": gradient_flow(deep(nn.relu), *data)}
    figure = plot_gradient_flow(flows)
    assert [axes.get_title() for axes in figure.axes] == ["sigmoid", "relu"]
    for axes, layers in zip(figure.axes, flows.values(), strict=True):
        assert axes.get_yscale() == "log"
        assert [bar.get_height() for bar in axes.patches] == [layer.norm for layer in layers]
