"""Cross-entropies of classes that exclude each other, and their relatives."""

from __future__ import annotations

from fastnn._core.facts import Domain
from fastnn._core.losses.loss import label_loss, row_loss
from fastnn._core.parameters import FINITE, NOT_NEGATIVE, POSITIVE, SHARE


@label_loss(
    lambda label_smoothing, z_loss, softcap: ("cross_entropy", (label_smoothing, z_loss, softcap or 0.0)),
    takes_rows=True,
    label_smoothing=SHARE,
    z_loss=NOT_NEGATIVE,
    softcap=POSITIVE,
    target=Domain.DISTRIBUTIONS,
)
def cross_entropy(*, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None) -> None:
    r"""Cross-entropy of logits over many classes: the loss of their softmax, without going through it.

    .. math:: \ell(z, t) = \sum_j t_j \Bigl(\log \sum_k e^{z_k} - z_j\Bigr), \qquad
        \frac{\partial \ell}{\partial z_j} = \operatorname{softmax}(z)_j \sum_k t_k - t_j

    With a z-loss lambda and the logarithm s of the sum, and with a cap c of the logits x:

    .. math:: \ell(z, t) = \sum_j t_j \bigl(s - z_j + \lambda s^2\bigr), \qquad z = c \tanh \frac{x}{c}

    Parameters
    ----------
    prediction : array_like
        Logits, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1; or one-hot rows or probabilities, of the
        prediction's shape, which are taken as they are.
    label_smoothing : float, default 0.0
        The part of the target, between 0 and 1, that is spread evenly over all classes.
    z_loss : float, default 0.0
        Weight of the squared logarithm of the sum, which keeps that near 0; PaLM has 1e-4.
    softcap : float, optional
        What the logits are capped at, smoothly, before all else; Gemma 2 has 30.

    Notes
    -----
    The z-loss is that of A. Chowdhery et al., "PaLM: Scaling Language Modeling with Pathways", JMLR 2023, Liger's
    ``lse_square_scale``; weights of rows and of classes count for it as well. The cap is that of Gemma Team, "Gemma 2:
    Improving Open Language Models at a Practical Size", 2024: a logit of -infinity, too, becomes -c.

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


@row_loss(of_probabilities=True, prediction=Domain.DISTRIBUTIONS, target=Domain.DISTRIBUTIONS)
def categorical_cross_entropy() -> None:
    r"""Cross-entropy of probabilities over many classes.

    .. math:: \ell(p, t) = -\sum_j t_j \log p_j, \qquad \frac{\partial \ell}{\partial p_j} = -\frac{t_j}{p_j}

    Parameters
    ----------
    prediction : array_like
        Probabilities, of shape (..., classes), for example from :func:`softmax`. They are taken as they are, not
        normalized. One outside [0, 1] is a ValueError.
    target : array_like
        One-hot rows, or probabilities, of the prediction's shape. They are taken as they are: nothing is normalized.

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


@label_loss()
def nll() -> None:
    r"""Negative log-likelihood of log-probabilities: minus the one at the label.

    .. math:: \ell(x, y) = -x_y

    Parameters
    ----------
    prediction : array_like
        Log-probabilities, for example from :func:`log_softmax`, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.

    Notes
    -----
    As PyTorch's ``nll_loss``. From logits, take :func:`cross_entropy`: it is one pass.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.nll(nn.log_softmax(np.array([[2.0, 0.0, 0.0]])), [0]).round(4)
    np.float64(0.2395)
    """


@label_loss(lambda gamma: ("focal_cross_entropy", (gamma,)) if gamma else ("cross_entropy", ()), gamma=NOT_NEGATIVE)
def focal_cross_entropy(*, gamma: float = 2.0) -> None:
    r"""Focal loss of logits over many classes: cross-entropy that counts less where the prediction is right already.

    .. math:: \ell(z, y) = -(1 - p)^\gamma \log p, \qquad p = \operatorname{softmax}(z)_y

    Parameters
    ----------
    prediction : array_like
        Logits, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    gamma : float, default 2.0
        Focusing parameter: easy rows are weighted by (1 - p)^gamma; 0 gives :func:`cross_entropy`.

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


@label_loss(epsilon=FINITE)
def poly_cross_entropy(*, epsilon: float = 2.0) -> None:
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


@label_loss(lambda q: ("generalized_cross_entropy", (q,)) if q else ("cross_entropy", ()), q=SHARE)
def generalized_cross_entropy(*, q: float = 0.7) -> None:
    r"""Generalized cross-entropy of logits, between cross-entropy and the absolute error: robust to label noise.

    .. math:: \ell(z, y) = \frac{1 - p^q}{q}, \qquad p = \operatorname{softmax}(z)_y

    Parameters
    ----------
    prediction : array_like
        Logits, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.
    q : float, default 0.7
        Between 0, which is :func:`cross_entropy`, and 1, which is 1 - p.

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


@label_loss()
def sparsemax_loss() -> None:
    r"""The loss that belongs to :func:`sparsemax`: 0 where the label leads by 1.

    .. math:: \ell(z, y) = \tfrac12 \sum_j s_j^2 + \tau - z_y + \tfrac12, \qquad
        \frac{\partial \ell}{\partial z} = s - e_y, \qquad s = \operatorname{sparsemax}(z) = \max(0, z - \tau)

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., classes).
    target : array_like
        Integer labels of shape (...), from 0 to classes - 1.

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
