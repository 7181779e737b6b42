"""Losses of rankings."""

from __future__ import annotations

from fastnn._core.facts import Domain
from fastnn._core.losses.lists import list_loss


@list_loss(lambda: ("cross_entropy", ()), target=Domain.DISTRIBUTIONS)
def ranking_softmax() -> None:
    r"""Softmax loss of a ranking: the cross-entropy between the items' relevance and the softmax of their scores.

    .. math:: \ell(p, t) = -\sum_k t_k \log \operatorname{softmax}(p)_k

    Parameters
    ----------
    prediction : array_like
        Scores, of shape (..., items): a row is a list.
    target : array_like
        Relevance of each item, not negative, of the prediction's shape. They need not add up to 1.

    Notes
    -----
    As Optax's ``ranking_softmax_loss``. Here ``where`` is a mask of the items, so that lists of different lengths fit
    into one array: what is left out has no part in the softmax, and its gradient is 0; a list of which nothing is left
    is left out of a mean. Weights of items are part of the target. From Z. Cao et al., "Learning to Rank: From Pairwise
    Approach to Listwise Approach", ICML 2007.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> scores, relevance = np.array([[2.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 5.0]])
    >>> nn.ranking_softmax.value_and_gradient(scores, relevance, where=[True, True, False])
    (np.float64(0.31326168751822286), array([[-0.26894142,  0.26894142,  0.        ]]))
    """
