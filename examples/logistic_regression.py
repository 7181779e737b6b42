"""Multinomial logistic regression of handwritten digits: scikit-learn's model, reached by three ways down.

What is minimized is what ``sklearn.linear_model.LogisticRegression(C=...)`` minimizes: the mean cross-entropy, and a
penalty on the squares of the weights, but not of the intercepts. It is convex, so that all ways lead to the same model.
fastnn gives the value and the gradient in one pass; SciPy's L-BFGS or an optimizer of fastnn goes down. It needs SciPy
and scikit-learn.

    python examples/logistic_regression.py                     # compares the models
    python examples/logistic_regression.py --C 0.1 --picture logistic_regression.svg
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pictures import picture, picture_file
from scipy.optimize import minimize
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import fastnn as nn

Array = np.ndarray
Arrays = dict[str, Array]


@dataclass(frozen=True)
class Problem:
    """Samples, their labels, and the factor of half the sum of the squared weights."""

    x: Array
    labels: Array
    penalty: float

    def start(self) -> Arrays:
        classes = self.labels.max() + 1
        return {"weight": np.zeros((self.x.shape[1], classes)), "intercept": np.zeros(classes)}

    def loss_and_gradients(self, p: Arrays) -> tuple[float, Arrays]:
        """The mean cross-entropy, without the penalty."""
        z = logits(p, self.x)
        loss, grad = nn.cross_entropy.value_and_gradient(z, self.labels, out=z)
        return float(loss), {"weight": self.x.T @ grad, "intercept": grad.sum(0)}

    def penalty_of(self, p: Arrays) -> float:
        return self.penalty / 2 * float(np.vdot(p["weight"], p["weight"]))


def logits(p: Arrays, x: Array) -> Array:
    return x @ p["weight"] + p["intercept"]


def with_lbfgs(problem: Problem, steps: int) -> tuple[Arrays, list[float]]:
    """The lowest point that SciPy finds, and what was minimized at each point that it looked at."""
    p, heights = problem.start(), []
    # Views of one vector, which is what SciPy knows.
    vector = np.zeros(sum(array.size for array in p.values()))
    p["weight"], p["intercept"] = vector[: p["weight"].size].reshape(p["weight"].shape), vector[p["weight"].size :]

    def height_and_slope(point: Array) -> tuple[float, Array]:
        vector[:] = point
        loss, gradients = problem.loss_and_gradients(p)
        gradients["weight"] += problem.penalty * p["weight"]
        heights.append(loss + problem.penalty_of(p))
        return heights[-1], np.concatenate([gradients["weight"].ravel(), gradients["intercept"]])

    options = {"maxiter": steps, "maxfun": 2 * steps, "ftol": 0, "gtol": 1e-9}
    vector[:] = minimize(height_and_slope, vector.copy(), jac=True, method="L-BFGS-B", options=options).x
    return p, heights


def with_optimizer(problem: Problem, optimizer: nn.optimizers.Optimizer, steps: int) -> tuple[Arrays, list[float]]:
    """Where an optimizer comes to, which knows the penalty as its weight decay."""
    p, heights = problem.start(), []
    for _ in range(steps):
        loss, gradients = problem.loss_and_gradients(p)
        heights.append(loss + problem.penalty_of(p))
        optimizer.step(p, gradients)
    return p, heights


def optimizers(problem: Problem) -> dict[str, nn.optimizers.Optimizer]:
    """Both add weight decay to the gradient, as the penalty does; adamw would shrink weights beside it."""
    decay: dict[str, Any] = {"weight_decay": problem.penalty, "groups": [("intercept", {"weight_decay": 0.0})]}
    # The cross-entropy bends at most half as much as the inputs' squares (Boehning, 1992); such steps do not overshoot.
    inputs = np.column_stack([problem.x, np.ones(len(problem.x))])
    bend = np.linalg.norm(inputs, 2) ** 2 / (2 * len(inputs)) + problem.penalty
    return {"sgd": nn.sgd(1 / bend, momentum=0.95, nesterov=True, **decay), "adam": nn.adam(0.1, **decay)}


def distance(p: Arrays, model: LogisticRegression) -> float:
    """The largest difference of a coefficient from scikit-learn's."""
    return float(np.abs(p["weight"].T - model.coef_).max())


def draw(path: Path, heights: dict[str, list[float]], p: Arrays) -> None:
    lowest = min(min(of_way) for of_way in heights.values())
    with picture(path, columns=2) as (left, right):
        for name, of_way in heights.items():
            left.plot(np.array(of_way) - lowest, label=name)
        left.set(xlabel="passes over the samples", ylabel="above the lowest point", yscale="log", ylim=(1e-9, 10))
        # The weights of each digit as an image; three rows of four, with gaps and two empty places.
        images = np.pad(p["weight"].T.reshape(10, 8, 8), ((0, 2), (1, 1), (1, 1)), constant_values=np.nan)
        limit = np.abs(p["weight"]).max()
        right.imshow(np.block([list(images[i : i + 4]) for i in (0, 4, 8)]), cmap="RdBu", vmin=-limit, vmax=limit)
        right.set(title="weights of 0 to 9: blue for, red against", xticks=[], yticks=[])
        right.grid(visible=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--C", type=float, default=1.0, help="the inverse of the penalty's strength, as scikit-learn's")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument(
        "--picture",
        type=picture_file,
        metavar="FILE.svg",
        help="where a picture of the ways down and of the weights goes",
    )
    options = parser.parse_args()
    x, labels = load_digits(return_X_y=True)
    x, x_test, labels, labels_test = train_test_split(x / 16, labels, stratify=labels, random_state=0)
    # Without their mean inputs are easier to learn from; the weights are the same, only the intercepts change.
    x, x_test = x - x.mean(0), x_test - x.mean(0)
    # scikit-learn multiplies the sum of the losses by C; here their mean is not multiplied.
    problem = Problem(x, labels, penalty=1 / (options.C * len(x)))
    model = LogisticRegression(C=options.C, tol=1e-8, max_iter=10_000).fit(x, labels)
    ways = {"L-BFGS": with_lbfgs(problem, options.steps)}
    for name, optimizer in optimizers(problem).items():
        ways[name] = with_optimizer(problem, optimizer, options.steps)
    print(f"scikit-learn: {model.score(x_test, labels_test):.2%} of the test samples are right")
    for name, (p, heights) in ways.items():
        right = np.mean(logits(p, x_test).argmax(1) == labels_test)
        far = f"coefficients differ by {distance(p, model):.1e} at most"
        print(f"{name + ':':13} {right:.2%}; {far}, after {len(heights)} passes")
    if options.picture:
        draw(options.picture, {name: heights for name, (_, heights) in ways.items()}, ways["L-BFGS"][0])


if __name__ == "__main__":
    main()
