"""Losses of pairs and triplets of arrays, each of which has its gradient."""

from __future__ import annotations

from fastnn._core.arrays import ArrayLike
from fastnn._core.losses.joint import joint_loss, pair_of_rows, pair_of_scores
from fastnn._core.losses.loss import Loss
from fastnn._core.losses.triplets import triplet_loss
from fastnn._core.parameters import FINITE
from fastnn.losses.distances import pairwise_distance


@joint_loss(pair_of_rows, margin=FINITE)
def cosine_embedding(x1: ArrayLike, x2: ArrayLike, target: ArrayLike, *, margin: float = 0.0) -> None:
    r"""Cosine distance of pairs that belong together, and similarity above a margin of those that do not.

    .. math:: \ell(x_1, x_2, t) = \begin{cases} 1 - \cos(x_1, x_2) & t = 1 \\
        \max(0, \cos(x_1, x_2) - m) & t = -1 \end{cases}

    Parameters
    ----------
    x1, x2 : array_like
        Rows of features, both of shape (..., features).
    target : array_like
        1 for a pair that belongs together, -1 for one that does not: of shape (...), or one number for all.
    margin : float, default 0.0
        The similarity m up to which pairs that do not belong together cost nothing; PyTorch recommends 0 to 0.5.

    Notes
    -----
    As in PyTorch. At the margin the gradient is the subgradient 0. See :func:`cosine_distance` for what is exact.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x1, x2 = np.array([[1.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [4.0, 3.0]])
    >>> nn.cosine_embedding(x1, x2, [1, -1], margin=0.5, reduction="none").round(4)
    array([1.  , 0.46])
    >>> of_x1, of_x2 = nn.cosine_embedding.gradient(x1, x2, [1, -1])
    """


@joint_loss(pair_of_scores, margin=FINITE)
def margin_ranking(x1: ArrayLike, x2: ArrayLike, target: ArrayLike, *, margin: float = 0.0) -> None:
    r"""Hinge loss of the order of two scores.

    .. math:: \ell(x_1, x_2, t) = \max(0, m - t (x_1 - x_2))

    Parameters
    ----------
    x1, x2 : array_like
        Scores, of shapes with as many axes that broadcast together; either may be one number.
    target : array_like
        1 where the first is to be larger, -1 where the second is: of the scores' common shape, or one number for all.
    margin : float, default 0.0
        The margin m.

    Notes
    -----
    As in PyTorch. At the margin the gradient is the subgradient 0. Both gradients have the scores' common shape.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.margin_ranking.value_and_gradient(np.array([2.0, 0.0]), np.array([1.0, 1.0]), 1, reduction="sum")
    (np.float64(1.0), (array([ 0., -1.]), array([0., 1.])))
    """


@triplet_loss(pairwise_distance, margin=FINITE)
def triplet_margin(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    swap: bool = False,
    distance: Loss | None = None,
) -> None:
    r"""Hinge loss of triplets: a row is to be nearer to the one it belongs to than to another, by a margin.

    .. math:: \ell(a, p, n) = \max(0, d(a, p) - d(a, n) + m)

    Parameters
    ----------
    anchor, positive, negative : array_like
        Rows of features, all of shape (..., features).
    margin : float, default 1.0
        The margin m.
    p : float, default 2.0
        The order of the norm of :func:`pairwise_distance`.
    swap : bool, default False
        Whether the distance between positive and negative counts for that between anchor and negative where it is
        smaller.
    distance : loss of rows, optional
        The distance d, for example :func:`cosine_distance`; by default :func:`pairwise_distance` with ``p``. Any object
        will do that is called as ``distance(x, y, reduction="none")``, gives one value for each row, and has a
        ``gradient`` (and ``hessian``) with respect to x as losses have, of matrices of some of the rows.

    Notes
    -----
    As PyTorch's ``triplet_margin_loss``, but for the 1e-6 that is added to differences there, and with ``distance`` its
    ``triplet_margin_with_distance_loss``. Optax adds 1e-6 under the root. Where the value is just 0 the gradients
    are the subgradient 0. ``swap`` is that of V. Balntas et al., "Learning local feature descriptors with triplets and
    shallow convolutional neural networks", BMVC 2016.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> a, p, n = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), np.array([[0.0, 5.5]])
    >>> value, (of_anchor, of_positive, of_negative) = nn.triplet_margin.value_and_gradient(a, p, n)
    >>> value, of_positive
    (np.float64(0.5), array([[0.6, 0.8]]))
    >>> nn.triplet_margin(a + 1, p, n, distance=nn.cosine_distance).round(4)
    np.float64(0.7172)
    """
