import numpy as np
import pytest

import fastnn as nn

TASKS = {
    "binary": (nn.relu, nn.sigmoid, nn.binary_cross_entropy, nn.adam, 0.003),
    "multiclass": (nn.relu, nn.softmax, nn.categorical_cross_entropy, nn.adam, 0.003),
    "multilabel": (nn.relu, nn.sigmoid, nn.binary_cross_entropy, nn.adam, 0.003),
    "regression": (nn.relu, nn.linear, nn.mse, nn.adam, 0.01),
    "robust regression": (nn.relu, nn.linear, nn.huber, nn.adam, 0.01),
}


@pytest.mark.parametrize("task", TASKS)
def test_the_recommendation_and_its_reasons(task):
    design = nn.recommend(task)
    assert (design.hidden, design.output, design.loss, design.optimizer, design.learning_rate) == TASKS[task]
    for why in (design.why, design.why_optimizer):
        assert why.count(".") == 1
        assert why.endswith(".")


def test_it_prints_what_it_names():
    assert str(nn.recommend("robust regression")) == "relu, linear, huber, adam(0.01)"


def test_every_reason_is_one_of_its_own():
    assert len({why for task in TASKS for why in (nn.recommend(task).why, nn.recommend(task).why_optimizer)}) == 10


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
    history = network.fit(x, targets[task], epochs=60, progress=False)
    assert history.loss[-1] < history.loss[0] / 4


def test_an_unknown_task():
    with pytest.raises(ValueError, match="task is 'ranking'; accepted are 'binary', 'multiclass', 'multilabel', "):
        nn.recommend("ranking")
    with pytest.raises(ValueError, match=r"task is \[\]; accepted are"):
        nn.recommend([])
