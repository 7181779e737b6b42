"""Losses as objectives of XGBoost and LightGBM: the same models as with the libraries' own."""

import pickle
import re

import lightgbm
import numpy as np
import pytest
import xgboost
from scipy import special
from sklearn.base import clone

import fastnn as nn

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
    for loss, own, target in ((nn.l2, "regression", y), (nn.binary_cross_entropy_with_logits, "binary", y > 0)):
        options = {**LIGHTGBM, "boost_from_average": False}
        theirs = lightgbm.LGBMRegressor(objective=own, **options).fit(x, target, sample_weight=weight)
        ours = lightgbm.LGBMRegressor(objective=nn.objectives.lightgbm(loss), **options)
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


def test_losses_that_the_libraries_do_not_have(samples):
    x, y, _ = samples
    flat = np.abs(y - np.median(y)).mean()
    for loss, options in (
        (nn.huber, {"delta": 0.5}),
        (nn.log_cosh, {}),
        (nn.pseudo_huber, {"delta": 2.0}),
        (nn.mae, {"minimum_hessian": 1}),
        (nn.quantile, {"q": 0.5, "minimum_hessian": 1}),
    ):
        for model in (
            lightgbm.LGBMRegressor(objective=nn.objectives.lightgbm(loss, **options), **LIGHTGBM),
            xgboost.XGBRegressor(objective=nn.objectives.xgboost(loss, **options), **XGBOOST),
        ):
            model.set_params(n_estimators=60)
            assert np.abs(model.fit(x, y).predict(x) - y).mean() < 0.5 * flat


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
    with pytest.raises(
        ValueError, match=re.escape("takes a prediction for each class, but predictions have shape (3,)")
    ):
        nn.objectives.lightgbm(nn.cross_entropy)(np.zeros(3), np.zeros(3))
