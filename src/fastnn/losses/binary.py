"""Cross-entropies of two classes, or of many labels each by itself."""

from __future__ import annotations

from fastnn._core.arrays import ArrayLike
from fastnn._core.facts import Domain
from fastnn._core.losses.loss import elementwise_loss, row_loss
from fastnn._core.parameters import NOT_NEGATIVE, POSITIVE, SHARE, Kernel


@elementwise_loss(of_probabilities=True, prediction=Domain.PROBABILITIES, target=Domain.PROBABILITIES)
def binary_cross_entropy() -> None:
    r"""Binary cross-entropy of probabilities.

    .. math:: \ell(p, t) = -t \log p - (1 - t) \log(1 - p), \qquad \ell'(p, t) = \frac{p - t}{p (1 - p)}

    Parameters
    ----------
    prediction : array_like
        Probabilities of class 1, of any shape. One outside [0, 1] is a ValueError.
    target : array_like
        1 or 0, or the probability of 1, of the prediction's shape.

    Notes
    -----
    A probability of 0, or 1 - p of 0, counts as the smallest normal number, in the gradient too: a prediction that is
    certain and wrong costs 87.3 in float32 and 708.4 in float64 (PyTorch limits the logarithm to -100). From
    logits, :func:`binary_cross_entropy_with_logits` needs no limit.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.binary_cross_entropy(np.array([0.5, 0.5]), np.array([1, 0]))
    np.float64(0.6931471805599453)
    """


def logits_kernel(pos_weight: float, label_smoothing: float) -> Kernel:
    if pos_weight == 1 and label_smoothing == 0:
        return "binary_cross_entropy_with_logits", ()
    return "weighted_binary_cross_entropy_with_logits", (pos_weight, label_smoothing)


@elementwise_loss(
    logits_kernel, varying="pos_weight", pos_weight=POSITIVE, label_smoothing=SHARE, target=Domain.PROBABILITIES
)
def binary_cross_entropy_with_logits(*, pos_weight: float | ArrayLike = 1.0, label_smoothing: float = 0.0) -> None:
    r"""Binary cross-entropy of logits: :func:`binary_cross_entropy` of their sigmoid, without going through it.

    .. math:: \ell(z, t) = \log(1 + e^{-|z|}) + \max(z, 0) - t z, \qquad \ell'(z, t) = \sigma(z) - t

    Parameters
    ----------
    prediction : array_like
        Logits, of any shape.
    target : array_like
        1 or 0, or the probability of 1, of the prediction's shape.
    pos_weight : float or array_like, default 1.0
        Weight of the positive class, positive; or one for each label, in an array that broadcasts to
        the prediction's shape.
    label_smoothing : float, default 0.0
        How far the targets are moved towards 1/2: between 0, which leaves them, and 1.

    Notes
    -----
    Nothing overflows and nothing cancels: the loss of a nearly certain, right prediction keeps its digits, and an
    infinite logit on the right side gives 0.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.binary_cross_entropy_with_logits(np.array([1000.0, -np.inf]), np.array([0, 0]), reduction="none")
    array([1000.,    0.])
    >>> nn.binary_cross_entropy_with_logits(np.zeros((1, 2)), [[1, 1]], pos_weight=[1.0, 3.0]).round(4)
    np.float64(1.3863)
    """


def sigmoid_focal_kernel(alpha: float, gamma: float) -> Kernel:
    if not alpha <= 1:
        raise ValueError(f"alpha is {alpha:g}; it must be between 0 and 1, or negative for none")
    return "sigmoid_focal", (alpha, gamma)


@elementwise_loss(sigmoid_focal_kernel, gamma=NOT_NEGATIVE, target=Domain.PROBABILITIES)
def sigmoid_focal(*, alpha: float = 0.25, gamma: float = 2.0) -> None:
    r"""Focal loss of logits: binary cross-entropy that counts less where the prediction is right already.

    .. math:: \ell(z, t) = \bigl(\alpha t + (1 - \alpha)(1 - t)\bigr) m^\gamma \ell_{\text{bce}}(z, t), \qquad
        m = \sigma(z) (1 - t) + \sigma(-z) t

    Parameters
    ----------
    prediction : array_like
        Logits, of any shape.
    target : array_like
        Targets between 0 and 1, of the prediction's shape.
    alpha : float, default 0.25
        Weight of the positive class, and 1 minus that of the negative one; a negative one gives both weight 1.
    gamma : float, default 2.0
        Focusing parameter, not negative: easy examples are weighted by (1 - p)^gamma.

    Notes
    -----
    As torchvision's ``sigmoid_focal_loss``; Optax's has ``alpha=None`` by default, which is -1 here. From T.-Y. Lin et
    al., "Focal Loss for Dense Object Detection", ICCV 2017.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.sigmoid_focal(np.array([0.0, 4.0]), [1, 1], alpha=-1, reduction="none").round(6)
    array([1.73287e-01, 6.00000e-06])
    """


@row_loss(target=Domain.MARKS)
def multilabel_soft_margin() -> None:
    r"""Binary cross-entropy of logits for several labels at once, the mean over the labels of a sample.

    .. math:: \ell(z, t) = \frac1n \sum_j \log(1 + e^{-z_j}) + (1 - t_j) z_j

    Parameters
    ----------
    prediction : array_like
        Logits, of shape (..., labels).
    target : array_like
        1 for the labels that are right, 0 for the others, of the prediction's shape.

    Notes
    -----
    As in PyTorch. With weights of labels, take :func:`binary_cross_entropy_with_logits`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.multilabel_soft_margin(np.array([[20.0, -20.0, 0.0]]), [[1, 0, 1]]).round(4)
    np.float64(0.231)
    """
