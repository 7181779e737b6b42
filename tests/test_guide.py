import numpy as np
import pytest

import fastnn as nn

TASKS = {
    "binary": (nn.relu, nn.sigmoid, nn.binary_cross_entropy),
    "multiclass": (nn.relu, nn.softmax, nn.categorical_cross_entropy),
    "multilabel": (nn.relu, nn.sigmoid, nn.binary_cross_entropy),
    "regression": (nn.relu, nn.linear, nn.mse),
    "robust regression": (nn.relu, nn.linear, nn.huber),
}


@pytest.mark.parametrize("task", TASKS)
def test_the_recommendation_and_its_reason(task):
    *functions, why = nn.recommend(task)
    assert tuple(functions) == TASKS[task]
    assert why.count(".") == 1
    assert why.endswith(".")


@pytest.mark.parametrize("task", TASKS)
def test_it_can_be_handed_to_the_network_and_learns(task):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    targets = {
        "binary": x[:, 0] > 0,
        "multiclass": x[:, :3].argmax(1),
        "multilabel": x[:, :3] > 0,
        "regression": x[:, :3] @ rng.normal(size=(3, 3)),
        "robust regression": x[:, 0] ** 2,
    }
    outputs = 1 if task in ("binary", "robust regression") else 3
    network = nn.ann.Network([4, 16, outputs], nn.recommend(task), seed=0)
    history = network.fit(x, targets[task], epochs=60, optimizer=nn.adam(0.01), progress=False)
    assert history.loss[-1] < history.loss[0] / 4


def test_an_unknown_task():
    with pytest.raises(ValueError, match="task is 'ranking'; accepted are 'binary', 'multiclass', 'multilabel', "):
        nn.recommend("ranking")
    with pytest.raises(ValueError, match=r"task is \[\]; accepted are"):
        nn.recommend([])
