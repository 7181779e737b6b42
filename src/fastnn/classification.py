"""The losses of many classes: their value is that of a row of predictions, one for each class."""

from __future__ import annotations

from typing import Any

from fastnn._arrays import Array, ArrayLike
from fastnn._loss import LabelLoss, LabelOrRowLoss, RowLoss, RowProbabilityLoss, declared, finite, share
from fastnn.activations import not_negative, positive

__all__ = [
    "categorical_cross_entropy",
    "categorical_hinge",
    "cross_entropy",
    "dice",
    "focal_cross_entropy",
    "generalized_cross_entropy",
    "multi_margin",
    "multiclass_perceptron",
    "multilabel_margin",
    "multilabel_soft_margin",
    "nll",
    "poly_cross_entropy",
    "sparsemax_loss",
    "tversky",
]


def smoothing_settings(label_smoothing: float) -> tuple[str, tuple[float, ...]]:
    return "cross_entropy", (share("label_smoothing", label_smoothing),)


def focal_settings(gamma: float) -> tuple[str, tuple[float, ...]]:
    return ("cross_entropy", ()) if not_negative("gamma", gamma) == 0 else ("focal_cross_entropy", (gamma,))


def generalized_settings(q: float) -> tuple[str, tuple[float, ...]]:
    return ("cross_entropy", ()) if share("q", q) == 0 else ("generalized_cross_entropy", (q,))


def tversky_settings(alpha: float, beta: float, smooth: float) -> tuple[str, tuple[float, ...]]:
    constants = not_negative("alpha", alpha), not_negative("beta", beta), not_negative("smooth", smooth)
    return "tversky", constants


def dice_settings(smooth: float) -> tuple[str, tuple[float, ...]]:
    return "tversky", (0.5, 0.5, not_negative("smooth", smooth) / 2)


def margin_settings(p: float, margin: float) -> tuple[str, tuple[float, ...]]:
    if p not in (1, 2):
        raise ValueError(f"p is {p:g}; it must be 1 or 2")
    return "multi_margin", (p, positive("margin", margin))


@declared(RowProbabilityLoss)
def categorical_cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Cross-entropy of probabilities over many classes.

    .. math:: \ell(p, t) = -\sum_j t_j \log p_j, \qquad \frac{\partial \ell}{\partial p_j} = -\frac{t_j}{p_j}

    Parameters
    ----------
    prediction : array_like
        Probabilities, of shape (..., classes), for example from :func:`softmax`. They are taken as they are, not
        normalized. One outside [0, 1] is a ValueError.
    target : array_like
        One-hot rows, or probabilities, of the prediction's shape. They are taken as they are: nothing is normalized.
    {common}

    Notes
    -----
    A probability of 0 counts as the smallest normal number, in the gradient too: where the target is 1 it costs 87.3 in
    float32 and 708.4 in float64. From logits, or with labels as targets, take :func:`cross_entropy`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.categorical_cross_entropy(np.array([[0.5, 0.25, 0.25]]), np.array([[0, 1, 0]]))
    np.float64(1.3862943611198906)
    """


@declared(LabelOrRowLoss, smoothing_settings)
def cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    label_smoothing: float = 0.0,
    class_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    axis: int = -1,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Cross-entropy of logits over many classes: the loss of their softmax, without going through it.

    .. math:: \ell(z, t) = \sum_j t_j \Bigl(\log \sum_k e^{z_k} - z_j\Bigr), \qquad
        \frac{\partial \ell}{\partial z_j} = \operatorname{softmax}(z)_j \sum_k t_k - t_j

    Parameters
    ----------
    prediction : array_like
        Logits, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1; or one-hot rows or probabilities, of the
        prediction's shape, which are taken as they are.
    label_smoothing : float, default 0.0
        The part of the target, between 0 and 1, that is spread evenly over all classes.
    {common}

    Notes
    -----
    The logarithm of the sum is taken as in :func:`log_softmax`, so that the loss of a nearly certain, right prediction
    keeps its digits: for logits (20, 0) and label 0 it is 2.06e-9 in float32 too.

    With labels, a weighted mean is divided by the sum of the labels' class weights (times ``weight``), as in PyTorch.
    With rows as targets, class weights multiply the targets and the mean is divided by the number of rows, as in
    PyTorch. Keras and Optax always divide by the number of rows: ``denominator="count"``. A batch of nothing but
    ignored rows has no mean: a ValueError, where PyTorch gives NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> logits = np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    >>> nn.cross_entropy(logits, np.array([0, 2]), reduction="none").round(4)
    array([0.2395, 1.0986])
    >>> nn.cross_entropy.gradient(logits, np.array([0, 2]), reduction="sum").round(4)
    array([[-0.213 ,  0.1065,  0.1065],
           [ 0.3333,  0.3333, -0.6667]])
    """


@declared(LabelLoss)
def nll(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    class_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    axis: int = -1,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Negative log-likelihood of log-probabilities: minus the one at the label.

    .. math:: \ell(x, y) = -x_y

    Parameters
    ----------
    prediction : array_like
        Log-probabilities, for example from :func:`log_softmax`, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    {common}

    Notes
    -----
    As PyTorch's ``nll_loss``. From logits, take :func:`cross_entropy`: it is one pass.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.nll(nn.log_softmax(np.array([[2.0, 0.0, 0.0]])), [0]).round(4)
    np.float64(0.2395)
    """


@declared(LabelLoss, focal_settings)
def focal_cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    gamma: float = 2.0,
    class_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    axis: int = -1,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Focal loss of logits over many classes: cross-entropy that counts less where the prediction is right already.

    .. math:: \ell(z, y) = -(1 - p)^\gamma \log p, \qquad p = \operatorname{softmax}(z)_y

    Parameters
    ----------
    prediction : array_like
        Logits, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    gamma : float, default 2.0
        How much less; 0 gives :func:`cross_entropy`.
    {common}

    Notes
    -----
    From T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017. Keras's alpha, a factor, is
    ``class_weight`` here. 1 - p is had without cancellation.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.focal_cross_entropy(np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 2.0]]), [0, 0], reduction="none").round(4)
    array([0.0109, 1.7879])
    """


@declared(LabelLoss, lambda epsilon: ("poly_cross_entropy", (finite("epsilon", epsilon),)))
def poly_cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    epsilon: float = 2.0,
    class_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    axis: int = -1,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Cross-entropy of logits with a linear term, the Poly-1 loss.

    .. math:: \ell(z, y) = -\log p + \varepsilon (1 - p), \qquad p = \operatorname{softmax}(z)_y

    Parameters
    ----------
    prediction : array_like
        Logits, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    epsilon : float, default 2.0
        Weight of the linear term.
    {common}

    Notes
    -----
    From Z. Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions", ICLR 2022; as
    Optax's ``poly_loss_cross_entropy``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.poly_cross_entropy(np.array([[0.0, 0.0]]), [0]).round(4)
    np.float64(1.6931)
    """


@declared(LabelLoss, generalized_settings)
def generalized_cross_entropy(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    q: float = 0.7,
    class_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    axis: int = -1,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Generalized cross-entropy of logits, between cross-entropy and the absolute error: it bears wrong labels.

    .. math:: \ell(z, y) = \frac{1 - p^q}{q}, \qquad p = \operatorname{softmax}(z)_y

    Parameters
    ----------
    prediction : array_like
        Logits, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    q : float, default 0.7
        Between 0, which is :func:`cross_entropy`, and 1, which is 1 - p.
    {common}

    Notes
    -----
    From Z. Zhang and M. Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels",
    NeurIPS 2018. Computed as -expm1(q log p) / q, which does not cancel.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.generalized_cross_entropy(np.array([[0.0, 0.0]]), [0], q=1)
    np.float64(0.5)
    """


@declared(LabelLoss, margin_settings)
def multi_margin(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    p: float = 1.0,
    margin: float = 1.0,
    class_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    axis: int = -1,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
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
        How far apart is far enough: m. It must be positive.
    {common}

    Notes
    -----
    As in PyTorch: n is the number of all classes. A class just at the margin has gradient 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.multi_margin(np.array([[1.0, 0.5, -3.0]]), [0])
    np.float64(0.16666666666666666)
    """


@declared(LabelLoss)
def multiclass_perceptron(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    class_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    axis: int = -1,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Perceptron loss of many classes: how far the largest score is above the label's.

    .. math:: \ell(x, y) = \max_j x_j - x_y

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    {common}

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


@declared(LabelLoss)
def categorical_hinge(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    class_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    axis: int = -1,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Categorical hinge loss: how much the largest other score lacks to be 1 below the label's.

    .. math:: \ell(x, y) = \max\Bigl(0, 1 + \max\bigl(0, \max_{j \ne y} x_j\bigr) - x_y\Bigr)

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    {common}

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


@declared(LabelLoss)
def sparsemax_loss(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    class_weight: ArrayLike | None = None,
    ignore_index: int | None = -100,
    axis: int = -1,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""The loss that belongs to :func:`sparsemax`: 0 where the label leads by 1.

    .. math:: \ell(z, y) = \tfrac12 \sum_j s_j^2 + \tau - z_y + \tfrac12, \qquad
        \frac{\partial \ell}{\partial z} = s - e_y, \qquad s = \operatorname{sparsemax}(z) = \max(0, z - \tau)

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    {common}

    Notes
    -----
    From A. F. T. Martins and R. F. Astudillo, "From Softmax to Sparsemax", ICML 2016; as Optax's
    ``multiclass_sparsemax_loss``. Computed from squares, so that it does not cancel near 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.sparsemax_loss.value_and_gradient(np.array([[1.0, 0.5, -1.0]]), [0])
    (np.float64(0.0625), array([[-0.25,  0.25,  0.  ]]))
    """


@declared(RowLoss)
def multilabel_soft_margin(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Binary cross-entropy of logits for several labels at once, the mean over the labels of a sample.

    .. math:: \ell(z, t) = \frac1n \sum_j \log(1 + e^{-z_j}) + (1 - t_j) z_j

    Parameters
    ----------
    prediction : array_like
        Logits, of shape (..., labels).
    target : array_like
        1 for the labels that are right, 0 for the others, of the prediction's shape.
    {common}

    Notes
    -----
    As in PyTorch. With weights of labels, take :func:`binary_cross_entropy_with_logits`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.multilabel_soft_margin(np.array([[20.0, -20.0, 0.0]]), [[1, 0, 1]]).round(4)
    np.float64(0.231)
    """


class RereadingLoss(RowLoss):
    """A loss of rows that compares every class with every other."""

    in_place = False


@declared(RereadingLoss)
def multilabel_margin(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Hinge loss for several labels at once: each right one is to be ahead of each other class by 1.

    .. math:: \ell(p, t) = \frac1n \sum_{j, i} t_j (1 - t_i) \max(0, 1 - p_j + p_i)

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., classes).
    target : array_like
        1 for the classes that are right, 0 for the others, of the prediction's shape.
    {common}

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


@declared(RowLoss, tversky_settings)
def tversky(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    alpha: float = 0.5,
    beta: float = 0.5,
    smooth: float = 1.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Tversky loss: the part of what is marked that is marked wrongly.

    .. math:: \ell(p, t) = 1 - \frac{\sum p t + s}{\sum p t + \alpha \sum p (1 - t) + \beta \sum (1 - p) t + s}

    Parameters
    ----------
    prediction : array_like
        Probabilities, of shape (..., elements): a sample's elements, such as a picture's pixels, are the last axis.
    target : array_like
        1 for what is to be marked, 0 for the rest, of the prediction's shape.
    alpha, beta : float, default 0.5
        Weights of what is marked but should not be, and of what should be marked but is not.
    smooth : float, default 1.0
        Added above and below, so that an empty sample has a value: s.
    {common}

    Notes
    -----
    From S. Salehi, D. Erdogmus and A. Gholipour, "Tversky loss function for image segmentation using 3D fully
    convolutional deep networks", MLMI 2017. Keras takes a whole batch as one sample, exchanges alpha and beta in its
    code, and has 1e-7 in the divisor alone. With s = 0, a sample without anything marked is NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.tversky(np.array([[1.0, 1.0, 0.0]]), [[1, 0, 0]], alpha=1, beta=0, smooth=0)
    np.float64(0.5)
    """


@declared(RowLoss, dice_settings)
def dice(
    prediction: ArrayLike,
    target: ArrayLike,
    *,
    smooth: float = 1.0,
    weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    reduction: str = "mean",
    denominator: str = "weight",
    out: Array | None = None,
) -> Any:
    r"""Dice loss: 1 less the overlap of prediction and target.

    .. math:: \ell(p, t) = 1 - \frac{2 \sum p t + s}{\sum p + \sum t + s}

    Parameters
    ----------
    prediction : array_like
        Probabilities, of shape (..., elements): a sample's elements, such as a picture's pixels, are the last axis.
    target : array_like
        1 for what is to be marked, 0 for the rest, of the prediction's shape.
    smooth : float, default 1.0
        Added above and below, so that an empty sample has a value: s.
    {common}

    Notes
    -----
    :func:`tversky` with alpha = beta = 1/2. From F. Milletari, N. Navab and S. Ahmadi, "V-Net", 3DV 2016, without the
    squares; as Optax's ``dice_loss`` for one class of probabilities, whose ``smooth`` is half of this one. Keras takes
    a whole batch as one sample.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.dice(np.array([[1.0, 1.0, 0.0]]), [[1, 0, 0]])
    np.float64(0.25)
    """
