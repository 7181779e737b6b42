"""The softmax family: what makes probabilities, or a choice, of the numbers of a row."""

from __future__ import annotations

import math

from fastnn._core.parameters import POSITIVE
from fastnn._core.row_function import row_function


@row_function(temperature=POSITIVE)
def softmax(*, temperature: float = 1.0) -> None:
    r"""Softmax: non-negative numbers that sum to 1 along an axis.

    .. math:: y_i = \frac{e^{x_i / T}}{\sum_j e^{x_j / T}}, \qquad
        \frac{\partial L}{\partial x_i} = \frac{y_i}{T} \Bigl(g_i - \sum_j g_j y_j\Bigr)

    Parameters
    ----------
    temperature : float, default 1.0
        What x is divided by; positive. The higher, the more equal are the results.
    where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count.
        A masked one gets exactly 0, and a row of masked ones is all zeros.

    Notes
    -----
    The maximum is subtracted first, so no input overflows. An element of -inf gets exactly 0. A row of nothing but
    -inf has no limit and gives NaN, as does one that holds inf or NaN.

    Along the last axis of a contiguous array nothing is copied but short rows, sixteen at a time; along others the rows
    are copied in cache-sized blocks. A row of more than 2^20 elements, which no cache holds, goes to memory twice: the
    sum is scaled down whenever a larger element comes (M. Milakov and N. Gimelshein, "Online normalizer calculation
    for softmax", 2018).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.softmax(np.array([-1.0, 0.0, 3.0, 5.0])).round(3)
    array([0.002, 0.006, 0.118, 0.874])
    >>> nn.softmax(np.array([1.0, 2.0, 1.0]), where=[True, False, True])
    array([0.5, 0. , 0.5])
    """


@row_function(masked=math.inf, temperature=POSITIVE)
def softmin(*, temperature: float = 1.0) -> None:
    r"""Softmin: the softmax of -x.

    .. math:: y_i = \frac{e^{-x_i / T}}{\sum_j e^{-x_j / T}}, \qquad
        \frac{\partial L}{\partial x_i} = -\frac{y_i}{T} \Bigl(g_i - \sum_j g_j y_j\Bigr)

    Parameters
    ----------
    temperature : float, default 1.0
        What x is divided by; positive.
    where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count.
        A masked one gets exactly 0, and a row of masked ones is all zeros.

    Notes
    -----
    As in PyTorch. Infinities and NaN are treated as in :func:`softmax`, with inf and -inf exchanged.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.softmin(np.array([0.0, np.log(3.0)]))
    array([0.75, 0.25])
    """


@row_function(hidden=-math.inf, temperature=POSITIVE)
def log_softmax(*, temperature: float = 1.0) -> None:
    r"""Logarithm of the softmax.

    .. math:: y_i = x_i / T - \log \sum_j e^{x_j / T}, \qquad
        \frac{\partial L}{\partial x_i} = \frac1T \Bigl(g_i - e^{y_i} \sum_j g_j\Bigr)

    Parameters
    ----------
    temperature : float, default 1.0
        What x is divided by; positive.
    where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count.
        A masked one gets -inf, and a row of masked ones is all -inf.

    Notes
    -----
    With m the maximum, the logarithm of the sum is m + log1p(sum of the other e^(x - m)): a class that is nearly
    certain keeps its digits, where log(softmax(x)) would be 0 (Blanchard, Higham and Higham, "Accurately computing
    the log-sum-exp and softmax functions", IMA J. Numer. Anal. 41, 2021). Infinities and NaN are treated as in
    :func:`softmax`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.log_softmax(np.array([20.0, 0.0], dtype=np.float32))
    array([-2.0611537e-09, -2.0000000e+01], dtype=float32)
    """


@row_function()
def sparsemax() -> None:
    r"""Sparsemax: the point of the probability simplex that is nearest to x.

    .. math:: y_i = \max(0, x_i - \tau) \text{ with } \sum_i y_i = 1, \qquad
        \frac{\partial L}{\partial x_i} = \Bigl(g_i - \operatorname{mean}_{y_j > 0} g_j\Bigr) [y_i > 0]

    Parameters
    ----------
    where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count.
        A masked one gets exactly 0, and a row of masked ones is all zeros.

    Notes
    -----
    From A. F. T. Martins and R. F. Astudillo, "From Softmax to Sparsemax", ICML 2016. The threshold is found by
    Newton's method in a few passes over the row, without sorting it. Where an element is just at the threshold, the
    derivative does not exist, and its part of the gradient is 0. Infinities and NaN are treated as in :func:`softmax`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.sparsemax(np.array([-1.0, 0.0, 0.5, 1.0]))
    array([0.  , 0.  , 0.25, 0.75])
    """


@row_function()
def entmax15() -> None:
    r"""1.5-entmax, between softmax and sparsemax: small elements get exactly 0, the others change smoothly.

    .. math:: y_i = \max(0, x_i / 2 - \tau)^2 \text{ with } \sum_i y_i = 1, \qquad
        \frac{\partial L}{\partial x_i} = \sqrt{y_i} \Bigl(g_i - \frac{\sum_j g_j \sqrt{y_j}}{\sum_j \sqrt{y_j}}\Bigr)

    Parameters
    ----------
    where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count.
        A masked one gets exactly 0, and a row of masked ones is all zeros.

    Notes
    -----
    From B. Peters, V. Niculae and A. F. T. Martins, "Sparse Sequence-to-Sequence Models", ACL 2019. The threshold is
    found by Newton's method in a few passes over the row, without sorting it. Infinities and NaN are treated as in
    :func:`softmax`.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.entmax15(np.array([-1.0, 0.0, 0.5, 1.0])).round(3)
    array([0.   , 0.084, 0.292, 0.624])
    """


@row_function(flat=True)
def hardmax() -> None:
    r"""Hardmax: 1 at the first of the largest elements, 0 elsewhere.

    .. math:: y_i = [i = \operatorname{argmax} x], \qquad \frac{\partial L}{\partial x_i} = 0

    Parameters
    ----------
    where : array_like of bool, optional
        Mask that broadcasts to x's shape: the elements that count.
        A masked one gets exactly 0, and a row of masked ones is all zeros.

    Notes
    -----
    As in ONNX. The derivative is 0 where it exists, which is where the largest element is alone. A row that holds NaN,
    or nothing but -inf, gives NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hardmax(np.array([1.0, 3.0, 3.0]))
    array([0., 1., 0.])
    """
