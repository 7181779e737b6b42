"""Margin losses: what is right by a margin costs nothing, or little."""

from __future__ import annotations

import math

from fastnn._core.facts import Domain, Growth
from fastnn._core.losses.loss import elementwise_loss, label_loss, row_loss
from fastnn._core.parameters import FINITE, NOT_NEGATIVE, POSITIVE, Interval, Kernel


@elementwise_loss(target=Domain.SIGNS, growth=Growth.WITH_MARGIN)
def hinge() -> None:
    r"""Hinge loss.

    .. math:: \ell(p, t) = \max(0, 1 - t p)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1, of the prediction's shape.

    Notes
    -----
    At the margin, t p = 1, the gradient is the subgradient 0 (optax -t / 2).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hinge(np.array([0.5, 2.0, -1.0]), 1, reduction="none")
    array([0.5, 0. , 2. ])
    """


@elementwise_loss(target=Domain.SIGNS)
def squared_hinge() -> None:
    r"""Squared hinge loss.

    .. math:: \ell(p, t) = \max(0, 1 - t p)^2

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1, of the prediction's shape.

    Notes
    -----
    The second derivative at the margin is 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.squared_hinge(np.array([0.5, 2.0, -1.0]), 1, reduction="none")
    array([0.25, 0.  , 4.  ])
    """


@elementwise_loss(target=Domain.SIGNS, growth=Growth.WITH_MARGIN)
def perceptron() -> None:
    r"""Perceptron loss.

    .. math:: \ell(p, t) = \max(0, -t p)

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1, of the prediction's shape.

    Notes
    -----
    At 0 the gradient is the subgradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.perceptron(np.array([0.5, 2.0, -1.0]), 1, reduction="none")
    array([0., 0., 1.])
    """


@elementwise_loss(target=Domain.SIGNS)
def soft_margin() -> None:
    r"""Logistic loss for targets of -1 and 1.

    .. math:: \ell(p, t) = \log(1 + e^{-t p})

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1, of the prediction's shape.

    Notes
    -----
    It does not overflow where a prediction is badly wrong, as PyTorch's does from 89 on in float32.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.soft_margin(np.array([0.0, -1000.0]), 1, reduction="none").round(4)
    array([6.931e-01, 1.000e+03])
    """


@elementwise_loss(target=Domain.SIGNS)
def exponential_loss() -> None:
    r"""Exponential loss, that of AdaBoost.

    .. math:: \ell(p, t) = e^{-t p}

    Parameters
    ----------
    prediction : array_like
        Predictions, of any shape: their sign is the class.
    target : array_like
        -1 or 1, of the prediction's shape.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.exponential_loss(np.array([0.0, 1.0]), 1, reduction="none").round(4)
    array([1.    , 0.3679])
    """


def multi_margin_kernel(p: float, margin: float) -> Kernel:
    if p not in (1, 2):
        raise ValueError(f"p is {p:g}; it must be 1 or 2")
    return "multi_margin", (p, margin)


@label_loss(multi_margin_kernel, margin=POSITIVE, growth=Growth.WITH_MARGIN)
def multi_margin(*, p: float = 1.0, margin: float = 1.0) -> None:
    r"""Hinge loss of many classes: by how much each other score comes too near to the label's.

    .. math:: \ell(x, y) = \frac1n \sum_{j \ne y} \max(0, m - x_y + x_j)^p

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    p : float, default 1.0
        The power: 1 or 2.
    margin : float, default 1.0
        The margin m, positive.

    Notes
    -----
    As in PyTorch: n is the number of all classes. A class just at the margin has gradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.multi_margin(np.array([[1.0, 0.5, -3.0]]), [0])
    np.float64(0.16666666666666666)
    """


@label_loss(growth=Growth.WITH_MARGIN)
def multiclass_perceptron() -> None:
    r"""Perceptron loss of many classes: how far the largest score is above the label's.

    .. math:: \ell(x, y) = \max_j x_j - x_y

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.

    Notes
    -----
    As in Optax. The gradient is 1 at the first of the largest of the other classes and -1 at the label, or 0 where no
    other score is larger than the label's.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.multiclass_perceptron.value_and_gradient(np.array([[1.0, 3.0, 0.0]]), [0])
    (np.float64(2.0), array([[-1.,  1.,  0.]]))
    """


@label_loss(growth=Growth.WITH_MARGIN)
def categorical_hinge() -> None:
    r"""Categorical hinge loss: how much the largest other score lacks to be 1 below the label's.

    .. math:: \ell(x, y) = \max\Bigl(0, 1 + \max\bigl(0, \max_{j \ne y} x_j\bigr) - x_y\Bigr)

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.

    Notes
    -----
    As in Keras, where the 0 beside the other scores comes from the masked label. The gradient is 1 at the first of the
    largest other scores, if that is positive, and -1 at the label; 0 where the loss is.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.categorical_hinge.value_and_gradient(np.array([[1.0, 0.5, 0.0]]), [0])
    (np.float64(0.5), array([[-1.,  1.,  0.]]))
    """


@row_loss(in_place=False, target=Domain.MARKS, growth=Growth.WITH_MARGIN)
def multilabel_margin() -> None:
    r"""Hinge loss for several labels at once: each right one is to be ahead of each other class by 1.

    .. math:: \ell(p, t) = \frac1n \sum_{j, i} t_j (1 - t_i) \max(0, 1 - p_j + p_i)

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., classes).
    target : array_like
        1 for the classes that are right, 0 for the others, of the prediction's shape.

    Notes
    -----
    As in PyTorch, but for the targets: there a row lists its labels, and -1 ends the list. Where a pair is just at its
    margin the gradient is 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.multilabel_margin(np.array([[0.1, 0.2, 0.4, 0.8]]), [[1, 0, 0, 1]]).round(4)
    np.float64(0.85)
    """


@elementwise_loss(margin=FINITE, target=Domain.SIGNS, growth=Growth.WITH_MARGIN)
def hinge_embedding(*, margin: float = 1.0) -> None:
    r"""Hinge loss of distances: those of equal pairs are to be small, the others at least a margin.

    .. math:: \ell(p, t) = \begin{cases} p & t = 1 \\ \max(0, m - p) & t = -1 \end{cases}

    Parameters
    ----------
    prediction : array_like
        Distances, of any shape.
    target : array_like
        1 for a pair that belongs together, -1 for one that does not, of the prediction's shape.
    margin : float, default 1.0
        The distance m from which on pairs that do not belong together cost nothing.

    Notes
    -----
    As in PyTorch. At the margin the gradient is the subgradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hinge_embedding(np.array([0.25, 0.25, 3.0]), [1, -1, -1], reduction="none")
    array([0.25, 0.75, 0.  ])
    """


@label_loss(
    lambda scale, margin: ("margin_cross_entropy", (scale, 1.0, 0.0, margin)),
    scale=POSITIVE,
    margin=NOT_NEGATIVE,
    prediction=Domain.COSINES,
)
def cos_face(*, scale: float = 64.0, margin: float = 0.35) -> None:
    r"""Cross-entropy of scaled cosines, that of the label less a margin: the large margin cosine loss.

    .. math:: \ell(c, y) = -\log \frac{e^{s (c_y - m)}}{e^{s (c_y - m)} + \sum_{j \ne y} e^{s c_j}}

    Parameters
    ----------
    prediction : array_like
        Cosines, of shape (..., classes): of the angles between a row of features and the weights of the classes, both
        divided by their lengths.
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    scale : float, default 64.0
        The scale s, positive.
    margin : float, default 0.35
        The margin m, not negative.

    Notes
    -----
    The values are those of insightface, whose margin is 0.4, and of pytorch-metric-learning, which take the cosines as
    here, or make them. From H. Wang et al., "CosFace: Large Margin Cosine Loss for Deep Face Recognition", CVPR 2018.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> cosines = np.array([[0.7, 0.3], [0.1, 0.6]])
    >>> nn.cos_face(cosines, [0, 1], scale=10, reduction="none").round(4)
    array([0.4741, 0.2014])
    """


ANGLE = Interval(0, math.pi, "between 0 and pi")


def arc_face_kernel(scale: float, margin: float, easy_margin: float) -> Kernel:
    along, across = math.cos(margin), math.sin(margin)
    return "margin_cross_entropy", (scale, along, across, 0.0 if easy_margin else margin * across)


@label_loss(arc_face_kernel, scale=POSITIVE, margin=ANGLE, prediction=Domain.COSINES)
def arc_face(*, scale: float = 64.0, margin: float = 0.5, easy_margin: bool = False) -> None:
    r"""Cross-entropy of scaled cosines, to the label's angle of which a margin is added.

    .. math:: \ell(c, y) = -\log \frac{e^{s \varphi(c_y)}}{e^{s \varphi(c_y)} + \sum_{j \ne y} e^{s c_j}}, \qquad
        \varphi(c) = \begin{cases} \cos(\arccos c + m) & c > -\cos m \\ c - m \sin m & \text{otherwise} \end{cases}

    Parameters
    ----------
    prediction : array_like
        Cosines, of shape (..., classes): of the angles between a row of features and the weights of the classes, both
        divided by their lengths.
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    scale : float, default 64.0
        The scale s, positive.
    margin : float, default 0.5
        The margin m, an angle between 0 and pi.
    easy_margin : bool, default False
        Whether the margin counts for cosines above 0 only: the others are taken as they are.

    Notes
    -----
    As in insightface: where the margin would take an angle beyond pi there is a linear form, which begins
    cos m + m sin m - 1 lower (with ``easy_margin``, the cosine itself, sin m higher). A label's cosine above 1, which
    comes of rounding, has the angle 0. There and at 1, where the slope of cos(arccos c + m) is infinite, derivatives
    are those at the last number of the type below 1: with the margin 0.5 that slope is 1.4e3 in float32 and 3.2e7 in
    float64, and the derivative of the cosine by which it is multiplied next is 0 there. From J. Deng et al., "ArcFace:
    Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> cosines = np.array([[0.7, 0.3], [0.1, 0.6]])
    >>> value, gradient = nn.arc_face.value_and_gradient(cosines, [0, 1], scale=10, reduction="none")
    >>> value.round(4)
    array([0.8433, 0.501 ])
    """
