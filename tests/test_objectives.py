"""Losses as objectives of XGBoost and LightGBM: the same models as with the libraries' own."""

import pickle
import re

import lightgbm
import numpy as np
import pytest
import xgboost
from scipy import special
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_wine
from sklearn.model_selection import KFold

import fastnn as nn
from fastnn._core.facts import Growth

DISTANCES = [loss for loss in nn.LOSSES.values() if loss.growth is Growth.WITH_DISTANCE]
LIGHTGBM = {"n_estimators": 15, "num_leaves": 7, "verbose": -1, "n_jobs": 1}
XGBOOST = {"n_estimators": 15, "max_depth": 3, "nthread": 1, "base_score": 0.0}


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 5))
    y = x[:, 0] - 2 * np.abs(x[:, 1]) + rng.normal(0, 0.1, 400)
    return x, y, rng.uniform(0.5, 2, 400)


@pytest.mark.parametrize("weighted", [False, True])
def test_lightgbm_predicts_the_same_as_with_its_own_losses(samples, weighted):
    x, y, w = samples
    weight = w if weighted else None
    for loss, own, target in (
        (nn.l2, "regression", y),
        (nn.fair, "fair", y),
        (nn.binary_cross_entropy_with_logits, "binary", y > 0),
    ):
        options = {**LIGHTGBM, "boost_from_average": False}
        theirs = lightgbm.LGBMRegressor(objective=own, **options).fit(x, target, sample_weight=weight)
        ours = lightgbm.LGBMRegressor(objective=nn.objectives.lightgbm(loss, minimum_hessian=1e-16), **options)
        ours.fit(x, target, sample_weight=weight)
        want, got = theirs.predict(x, raw_score=True), ours.predict(x, raw_score=True)
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_lightgbm_trains_with_it(samples):
    x, y, w = samples
    objective = nn.objectives.lightgbm(nn.l2)
    data = lightgbm.Dataset(x, y, weight=w)
    booster = lightgbm.train({"objective": objective, "num_leaves": 7, "verbose": -1, "num_threads": 1}, data, 15)
    model = lightgbm.LGBMRegressor(objective=objective, **LIGHTGBM).fit(x, y, sample_weight=w)
    np.testing.assert_array_equal(booster.predict(x), model.predict(x))


@pytest.mark.parametrize("weighted", [False, True])
def test_xgboost_predicts_the_same_as_with_its_own_losses(samples, weighted):
    x, y, w = samples
    weight = w if weighted else None
    for loss, own, target in (
        (nn.l2, "reg:squarederror", y),
        (nn.binary_cross_entropy_with_logits, "binary:logistic", (y > 0) * 1.0),
    ):
        options = XGBOOST | {"base_score": 0.5 if own == "binary:logistic" else 0.0}
        theirs = xgboost.XGBRegressor(objective=own, **options).fit(x, target, sample_weight=weight)
        ours = xgboost.XGBRegressor(objective=nn.objectives.xgboost(loss), **XGBOOST)
        ours.fit(x, target, sample_weight=weight)
        want, got = theirs.predict(x, output_margin=True), ours.predict(x, output_margin=True)
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_xgboost_trains_with_it(samples):
    x, y, w = samples
    objective = nn.objectives.xgboost(nn.l2)
    options = {"max_depth": 3, "nthread": 1, "base_score": 0.0}
    booster = xgboost.train(options, xgboost.DMatrix(x, y, weight=w), 15, obj=objective)
    model = xgboost.XGBRegressor(objective=objective, **XGBOOST).fit(x, y, sample_weight=w)
    np.testing.assert_array_equal(booster.predict(xgboost.DMatrix(x)), model.predict(x))


def test_many_classes(samples):
    x, y, _ = samples
    labels = np.digitize(y, [-2.5, -0.5])
    objective = nn.objectives.lightgbm(nn.cross_entropy, label_smoothing=0.01)
    model = lightgbm.LGBMClassifier(objective=objective, **LIGHTGBM).fit(x, labels)
    assert (model.predict(x, raw_score=True).argmax(1) == labels).mean() > 0.9
    objective = nn.objectives.xgboost(nn.cross_entropy)
    options = {"max_depth": 3, "nthread": 1, "num_class": 3, "disable_default_eval_metric": True}
    booster = xgboost.train(options, xgboost.DMatrix(x, labels), 15, obj=objective)
    raw = booster.predict(xgboost.DMatrix(x), output_margin=True)
    assert (raw.reshape(len(x), 3).argmax(1) == labels).mean() > 0.9


DATA = {
    "diabetes": lambda: load_diabetes(return_X_y=True),
    "proline of wine": lambda: np.split(load_wine().data, [12], axis=1),
}
OWN = {  # the library's own objective, and the losses that must come near it
    "lightgbm": [
        ({"objective": "mae"}, [(nn.mae, {}), (nn.log_cosh, {})]),
        ({"objective": "huber"}, [(nn.huber, {}), (nn.pseudo_huber, {})]),
        ({"objective": "fair"}, [(nn.fair, {})]),
        ({"objective": "quantile", "alpha": 0.5}, [(nn.quantile, {})]),
        ({"objective": "quantile", "alpha": 0.1}, [(nn.quantile, {"q": 0.1})]),
    ],
    "xgboost": [
        ({"objective": "reg:absoluteerror"}, [(nn.mae, {}), (nn.log_cosh, {}), (nn.huber, {}), (nn.pseudo_huber, {})]),
        ({"objective": "reg:quantileerror", "quantile_alpha": 0.5}, [(nn.quantile, {})]),
        ({"objective": "reg:quantileerror", "quantile_alpha": 0.9}, [(nn.quantile, {"q": 0.9})]),
    ],
}


def cross_validated(library, x, y, objective):
    """The predictions for the samples of each fold, of a model with default settings that was trained on the others."""
    predictions = np.empty_like(y)
    for train, test in KFold(3, shuffle=True, random_state=0).split(x):
        if library == "lightgbm":
            model = lightgbm.LGBMRegressor(**objective, verbose=-1, n_jobs=1)
        else:
            model = xgboost.XGBRegressor(**objective, n_jobs=1)
        predictions[test] = model.fit(x[train], y[train]).predict(x[test])
    return predictions


@pytest.mark.parametrize("library", OWN)
@pytest.mark.parametrize("data", DATA)
def test_on_real_data_they_learn_as_the_libraries_own(data, library):
    x, y = DATA[data]()
    y = y.ravel()
    for own, losses in OWN[library]:
        theirs = cross_validated(library, x, y, own)
        for loss, options in losses:
            objective = getattr(nn.objectives, library)(loss, **options)
            ours = cross_validated(library, x, y, {"objective": objective})
            assert loss(ours, y, **options) < 1.1 * loss(theirs, y, **options), objective


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_the_target_does_not_matter(unit):
    y = np.array([1.0, 2.0, 4.0, 7.0])
    for loss in (nn.mae, nn.quantile):
        objective = nn.objectives.Objective(loss)
        gradient, hessian = objective(y, np.full(4, 3.0))
        scaled = objective(y * unit, np.full(4, 3.0 * unit))
        np.testing.assert_allclose(scaled[0], gradient * unit, rtol=1e-12)
        np.testing.assert_allclose(scaled[1], hessian, rtol=1e-12)


def test_far_from_the_target_a_step_is_that_of_squared_errors():
    """A leaf of equal targets gets them in one step, whatever the loss."""
    for loss in DISTANCES:
        gradient, hessian = nn.objectives.Objective(loss)(np.full(5, 100.0), np.full(5, 40.0))
        if loss is nn.msle:  # its own second derivative is the larger
            assert 0 < -gradient.sum() / hessian.sum() < 60
        else:
            assert -gradient.sum() / hessian.sum() == pytest.approx(60)
        assert hessian.max() == pytest.approx(1)


def test_the_derivatives_of_mae_by_hand():
    """w = 1, 2, 9, of mean 4: h = 1 / max(w, 1), and the largest is 1; with weights 1, 0, 0 the mean is 1."""
    objective, t, p = nn.objectives.Objective(nn.mae), np.zeros(3), np.array([1.0, -2.0, 9.0])
    gradient, hessian = objective(t, p)
    np.testing.assert_allclose(gradient, [1, -1, 1], rtol=1e-14)
    np.testing.assert_allclose(hessian, [1, 1 / 2, 1 / 9], rtol=1e-14)
    weighted = objective(t, 2 * p, np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(weighted[0], [2, 0, 0], rtol=1e-14)
    np.testing.assert_allclose(weighted[1], [1, 0, 0], rtol=1e-14)
    plain = nn.objectives.Objective(nn.mae, minimum_hessian=0.5)(t, p)
    np.testing.assert_array_equal(plain, ([1, -1, 1], [0.5] * 3))


@pytest.mark.parametrize("loss", DISTANCES, ids=str)
def test_at_the_target_nothing_moves_and_nothing_warns(loss):
    objective = nn.objectives.Objective(loss)
    with np.errstate(all="raise"):
        for numbers in ([1.0, 2.0], [1e-30, 1e30]):
            gradient, hessian = objective(np.array(numbers, np.float32), np.array(numbers, np.float32))
            assert not gradient.any()
            assert (hessian > 0).all()
        objective(np.array([1.0, np.nan, np.inf, 1e30], np.float32), np.array([1e30, 1.0, 1.0, -0.5], np.float32))


def test_losses_of_margins_train(samples):
    x, y, _ = samples
    t = np.where(y > np.median(y), 1.0, -1.0)
    for loss in (nn.hinge, nn.perceptron, nn.squared_hinge, nn.soft_margin):
        for model in (
            lightgbm.LGBMRegressor(objective=nn.objectives.lightgbm(loss), **LIGHTGBM),
            xgboost.XGBRegressor(objective=nn.objectives.xgboost(loss), **{**XGBOOST, "base_score": -0.1}),
        ):
            if loss is nn.perceptron and isinstance(model, lightgbm.LGBMRegressor):
                continue  # at 0, where LightGBM starts, its gradient is 0
            assert ((model.fit(x, t).predict(x) > 0) == (t > 0)).mean() > 0.85, model


@pytest.mark.parametrize("label", [1.9, np.nan, np.inf, -0.5])
def test_labels_that_are_not_whole(label):
    with pytest.raises(ValueError, match=rf"the label of sample 2 is {label}; labels are whole numbers"):
        nn.objectives.lightgbm(nn.cross_entropy)(np.array([0.0, 1.0, label]), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="target in row 1 is 2; labels of 2 classes are 0 to 1"):
        nn.objectives.lightgbm(nn.cross_entropy)(np.array([0.0, 2.0]), np.zeros((2, 2)))


def test_what_an_objective_gives():
    z, t, w = np.array([-40.0, 0.5, 3.0]), np.array([0.0, 1.0, 1.0]), np.array([1.0, 2.0, 0.5])
    p = special.expit(z)
    gradient, hessian = nn.objectives.Objective(nn.binary_cross_entropy_with_logits)(t, z, w)
    np.testing.assert_allclose(gradient, w * (p - t), rtol=1e-14)
    np.testing.assert_allclose(hessian, w * np.maximum(p * (1 - p), 1e-16), rtol=1e-14)


def test_pickled_and_cloned_objectives(samples):
    x, y, _ = samples
    objective = nn.objectives.lightgbm(nn.huber, delta=0.5)
    again = pickle.loads(pickle.dumps(objective))
    assert repr(again) == repr(objective) == "<objective huber, delta=0.5>"
    np.testing.assert_array_equal(again(y, y + 1)[0], objective(y, y + 1)[0])
    model = lightgbm.LGBMRegressor(objective=objective, **LIGHTGBM)
    np.testing.assert_array_equal(clone(model).fit(x, y).predict(x), model.fit(x, y).predict(x))


def test_what_is_refused():
    with pytest.raises(TypeError, match=r"loss must be one of fastnn\.LOSSES, not 'huber'"):
        nn.objectives.lightgbm("huber")
    with pytest.raises(TypeError, match=re.escape("huber() got an unexpected keyword argument 'beta'; it takes delta")):
        nn.objectives.xgboost(nn.huber, beta=1)
    with pytest.raises(ValueError, match="delta is 0; it must be positive"):
        nn.objectives.xgboost(nn.huber, delta=0)
    with pytest.raises(ValueError, match="rmse is no sum over samples"):
        nn.objectives.lightgbm(nn.rmse)
    with pytest.raises(ValueError, match="minimum_hessian is -1; it must be at least 0 and finite"):
        nn.objectives.lightgbm(nn.mae, minimum_hessian=-1)
    with pytest.raises(TypeError, match="minimum_hessian must be a number"):
        nn.objectives.lightgbm(nn.mae, minimum_hessian="1")
    with pytest.raises(
        ValueError, match=re.escape("takes a prediction for each class, but predictions have shape (3,)")
    ):
        nn.objectives.lightgbm(nn.cross_entropy)(np.zeros(3), np.zeros(3))
