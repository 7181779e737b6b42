"""Losses of sequences whose labels are not aligned with the time steps."""

from __future__ import annotations

from fastnn._core.arrays import ArrayLike
from fastnn._core.losses.sequences import sequence_loss


@sequence_loss
def ctc(
    prediction: ArrayLike,
    target: ArrayLike,
    input_lengths: ArrayLike | None = None,
    target_lengths: ArrayLike | None = None,
    *,
    blank: int = 0,
    logits: bool = False,
    zero_infinity: bool = False,
) -> None:
    r"""Connectionist temporal classification: labels of a sequence, without saying at which time steps they are.

    .. math:: \ell(p, t) = -\log \sum_{a \to t} \prod_i e^{p_i(a_i)}, \qquad
        \frac{\partial \ell}{\partial p_i(c)} = -P(a_i = c \mid t)

    The sum is over all alignments a: a class for each time step, which give the labels once repeated classes are
    merged and then blanks are left out.

    Parameters
    ----------
    prediction : array_like
        Logarithms of probabilities, of shape (steps, sequences, classes), for example from :func:`log_softmax`; or of
        shape (steps, classes) for a single sequence.
    target : array_like
        Integer labels, none of them the blank: of shape (sequences, labels), where what is beyond a sequence's length
        is not looked at; or those of all sequences in a row.
    input_lengths : array_like, optional
        How many time steps each sequence has; by default all.
    target_lengths : array_like, optional
        How many labels each sequence has; by default all, if there is a row for each.
    blank : int, default 0
        The class that stands for no label.
    logits : bool, default False
        Whether the prediction are logits, of which :func:`log_softmax` is taken on the way.
    zero_infinity : bool, default False
        Whether a sequence that cannot be aligned counts as 0, in the gradient too.

    Notes
    -----
    As in PyTorch, with one difference: the gradient is that with respect to the prediction. PyTorch's, also of
    log-probabilities, is that with respect to logits, in which the exponentials of the prediction are added; here
    ``logits=True`` gives it. Under "mean", Keras and Optax do not divide by the number of labels: that is the mean of
    ``reduction="none"``.

    A sequence that is too short for its labels, with a blank between equal neighbours, has the loss infinity and a
    gradient of NaN. So has one whose prediction gives every alignment the probability 0. A sequence without labels is
    all blanks; one without steps either has the loss 0. The gradient is 0 beyond a sequence's length.

    Probabilities do not underflow, however long the sequence. The recursion is in float64 for both types, its relative
    error about 1e-16 for each step. A NaN among the logarithms of the blank and of the labels makes the loss NaN, and
    the gradient of its sequence.

    A call can be interrupted; a part of the gradient is in ``out`` then.

    From A. Graves, S. Fernández, F. Gomez and J. Schmidhuber, "Connectionist Temporal Classification: Labelling
    Unsegmented Sequence Data with Recurrent Neural Networks", ICML 2006.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> p = np.log([[0.5, 0.4, 0.1], [0.5, 0.1, 0.4]])
    >>> np.exp(-nn.ctc(p, [1], reduction="sum")).round(4)  # 1 blank, blank 1, 1 1
    np.float64(0.29)
    >>> nn.ctc.gradient(p, [1], reduction="sum").round(4)
    array([[-0.1724, -0.8276,  0.    ],
           [-0.6897, -0.3103,  0.    ]])
    """
