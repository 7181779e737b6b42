"""Gradient boosting with losses that LightGBM and XGBoost lack: the focal loss of a rare class, and expectiles.

A loss of fastnn becomes an objective of either library by one call. All other settings are the libraries' defaults, but
for threads, of which there is one: samples are few. Every figure is of samples that a model was not trained on. It
needs LightGBM, XGBoost and scikit-learn.

    python examples/boosting.py                              # compares with the libraries' own objectives
    python examples/boosting.py --rare 0.1 --picture boosting.svg
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import xgboost
from pictures import picture, picture_file
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score, log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import fastnn as nn

Array = np.ndarray

GAMMAS = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0)
TAUS = (0.1, 0.5, 0.9)


def lightgbm_model(objective: Any) -> Any:
    return lightgbm.LGBMRegressor(objective=objective, verbose=-1, n_jobs=1)


def xgboost_model(objective: Any) -> Any:
    return xgboost.XGBRegressor(objective=objective, n_jobs=1)


LIBRARIES = {
    # How to make a model, an objective of a loss, and what the library calls its own objectives.
    "LightGBM": (lightgbm_model, nn.objectives.lightgbm, {"logistic": "binary", "squared": "l2"}),
    "XGBoost": (xgboost_model, nn.objectives.xgboost, {"logistic": "binary:logistic", "squared": "reg:squarederror"}),
}

# A rare class


def rare_class(samples: int, share: float) -> tuple[Array, Array]:
    """Samples in 20 columns of which a share is of the class 1, in several clusters; a few labels are wrong."""
    return make_classification(
        samples, n_informative=8, n_clusters_per_class=4, weights=[1 - share], flip_y=0.01, random_state=0
    )


def probabilities(model: Any, x: Array, labels: Array) -> Array:
    """What five models predict, each for the fifth of the samples that it was not trained on."""
    predicted = cross_val_predict(model, x, labels, cv=StratifiedKFold(5, shuffle=True, random_state=0))
    # With an objective that is not its own, a library predicts logits; with its own, probabilities.
    return nn.sigmoid(predicted) if callable(model.objective) else predicted


def focal(library: str, x: Array, labels: Array) -> dict[str, tuple[float, float]]:
    """The log loss and the average precision with the library's objective and with focal losses."""
    make, objective, names = LIBRARIES[library]
    models = {"own objective": make(names["logistic"])}
    for gamma in GAMMAS:
        # A negative alpha gives both classes the weight 1: the focal loss of gamma 0 is the cross-entropy.
        models[f"gamma {gamma:g}"] = make(objective(nn.sigmoid_focal, alpha=-1, gamma=gamma))
    scores = {}
    for name, model in models.items():
        p = probabilities(model, x, labels)
        scores[name] = log_loss(labels, p), average_precision_score(labels, p)
    return scores


# Expectiles


def skewed(samples: int, seed: int) -> tuple[Array, Array]:
    """A wave, and noise to one side of it that grows."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 4, samples)
    return x[:, None], np.sin(2 * x) + (0.1 + 0.2 * x) * rng.gamma(2, size=samples)


def expectile_models(library: str, x: Array, y: Array) -> dict[float, Any]:
    make, objective, _ = LIBRARIES[library]
    return {tau: make(objective(nn.expectile, tau=tau)).fit(x, y) for tau in TAUS}


def share_below(predicted: Array, target: Array) -> float:
    """Of the distances between targets and predictions, the share of those below: of an expectile it is tau."""
    distance = target - predicted
    return float(-distance[distance < 0].sum() / np.abs(distance).sum())


def draw(path: Path, scores: dict[str, dict[str, tuple[float, float]]], models: dict[float, Any]) -> None:
    x, y = skewed(300, 0)
    grid = np.linspace(0, 4, 201)
    with picture(path, columns=2) as (left, right):
        for i, (library, of_library) in enumerate(scores.items()):
            theirs, *losses = [loss for loss, _ in of_library.values()]
            left.plot(GAMMAS, losses, "o-", color=f"C{i}", label=library)
            left.axhline(theirs, color=f"C{i}", linestyle="--")
        left.plot([], "--", color="#808890", label="own objective")
        left.set(xlabel="gamma of the focal loss", ylabel="log loss, cross-validated")
        right.plot(x[:, 0], y, ".", color="#808890", alpha=0.4, markersize=3)
        for i, (tau, model) in enumerate(models.items()):
            right.plot(grid, model.predict(grid[:, None]), color=f"C{i}", label=f"{tau:g}")
        right.set(xlabel="x", ylabel="y, and three expectiles of LightGBM", ylim=(-1.5, 6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--rare", type=float, default=0.03, help="the share of the rare class")
    parser.add_argument(
        "--picture", type=picture_file, metavar="FILE.svg", help="where a picture of losses and expectiles goes"
    )
    options = parser.parse_args()
    x, labels = rare_class(options.samples, options.rare)
    print(f"A rare class: {labels.sum()} of {len(labels)} samples, cross-validated")
    scores = {library: focal(library, x, labels) for library in LIBRARIES}
    for library, of_library in scores.items():
        for name, (loss, precision) in of_library.items():
            print(f"  {library:8}  {name:13}  log loss {loss:.4f}  average precision {precision:.3f}")

    # They depend on what is far out, which is seldom: five times as many samples.
    x, y = skewed(5 * options.samples, 0)
    x_new, y_new = skewed(5 * options.samples, 1)
    print(f"\nExpectiles: {len(x)} samples, and as many new ones")
    fitted = {library: expectile_models(library, x, y) for library in LIBRARIES}
    for library, models in fitted.items():
        make, _, names = LIBRARIES[library]
        for tau, model in models.items():
            share = share_below(model.predict(x_new), y_new)
            print(f"  {library:8}  {tau:.1f}: {share:.3f} of the distances are below")
        errors = [nn.mse(m.predict(x_new), y_new) for m in (models[0.5], make(names["squared"]).fit(x, y))]
        print("  {:8}  squared error of expectile 0.5: {:.4f}; own objective: {:.4f}".format(library, *errors))
    if options.picture:
        draw(options.picture, scores, fitted["LightGBM"])


if __name__ == "__main__":
    main()
