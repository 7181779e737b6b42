"""Rectifiers: activations that pass what is positive, and their relatives with thresholds and limits."""

from __future__ import annotations

from math import inf

from fastnn._core.activation import activation_function
from fastnn._core.parameters import NOT_NEGATIVE, POSITIVE, Kernel, ordered


def relu_kernel(max_value: float | None, negative_slope: float, threshold: float) -> Kernel:
    if max_value is None and negative_slope == 0 and threshold == 0:
        return "relu", ()
    return "rectify", (inf if max_value is None else max_value, negative_slope, threshold)


@activation_function(relu_kernel, edges=((0, 0, 0), (-0.0, 0, 0), (inf, inf, 1), (-inf, 0, 0)), bounds=(0, 0))
def relu(*, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0) -> None:
    r"""Rectified linear unit, max(0, x).

    .. math:: f(x) = \max(0, x), \qquad f'(x) = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}

    Parameters
    ----------
    max_value : float, optional
        What larger results become: from x = ``max_value`` on.
    negative_slope : float, default 0.0
        Slope below the threshold, where the value is ``negative_slope * (x - threshold)``.
    threshold : float, default 0.0
        Where x begins to pass.

    Returns
    -------
    ndarray or scalar
        x where it is positive, 0 where it is negative, NaN where it is NaN.

    Notes
    -----
    The derivative is 1 for x > 0 and 0 for x < 0. At 0, where it does not exist, it is 0, as in PyTorch and JAX. It
    is NaN for NaN. The hyperparameters are those of Keras; with them the derivative is ``negative_slope`` at the
    threshold and 0 at ``max_value``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    >>> nn.relu.derivative(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 1.])
    >>> nn.relu(np.array([-1.0, 0.5, 2.0, 9.0]), max_value=6.0, threshold=1.0)
    array([0., 0., 2., 6.])
    """


@activation_function(
    lambda: ("hard_tanh", (0.0, 6.0)), edges=((-inf, 0, 0), (0, 0, 0), (3, 3, 1), (6, 6, 0), (inf, 6, 0)), bounds=(0, 0)
)
def relu6() -> None:
    r"""The identity between 0 and 6.

    .. math:: f(x) = \min(6, \max(0, x))

    Returns
    -------
    ndarray or scalar
        From 0 to 6.

    Notes
    -----
    The derivative is 1 strictly between 0 and 6, and 0 beyond and at them, as in PyTorch and JAX. From A. Krizhevsky,
    "Convolutional Deep Belief Networks on CIFAR-10", 2010.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.relu6(np.array([-1.0, 2.0, 7.0]))
    array([0., 2., 6.])
    """


@activation_function(edges=((-inf, 0, 0), (0, 0, 0), (3, 9, 6), (inf, inf, inf)), bounds=(1, 1))
def relu_squared() -> None:
    r"""Square of the rectified linear unit.

    .. math:: f(x) = \max(0, x)^2, \qquad f'(x) = 2 \max(0, x)

    Returns
    -------
    ndarray or scalar
        From 0 up.

    Notes
    -----
    From D. So et al., "Primer: Searching for Efficient Transformers for Language Modeling", NeurIPS 2021.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.relu_squared(np.array([-1.0, 2.0]))
    array([0., 4.])
    """


def leaky_relu_kernel(negative_slope: float) -> Kernel:
    # With a negative slope the input's sign cannot be recovered from the output, as "leaky_relu" does.
    return ("leaky_relu", (negative_slope,)) if negative_slope > 0 else relu_kernel(None, negative_slope, 0.0)


@activation_function(
    leaky_relu_kernel, edges=((0, 0, 0.01), (-0.0, 0, 0.01), (inf, inf, 1), (-inf, -inf, 0.01)), bounds=(1.5, 0.5)
)
def leaky_relu(*, negative_slope: float = 0.01) -> None:
    r"""Leaky rectified linear unit: x for x > 0, ``negative_slope * x`` otherwise.

    .. math:: f(x) = \begin{cases} x & x > 0 \\ s x & x \le 0 \end{cases}

    Parameters
    ----------
    negative_slope : float, default 0.01
        Slope s left of 0. (PyTorch, JAX and ONNX have the same default; Keras has 0.2.)

    Returns
    -------
    ndarray or scalar
        The activation of each element.

    Raises
    ------
    ValueError
        From ``backward(grad, y=y)`` if the slope is negative: y then does not tell the sign of x.

    Notes
    -----
    The derivative is 1 for x > 0 and ``negative_slope`` for x < 0. At 0, where it does not exist, it is
    ``negative_slope``, as in PyTorch (JAX has 1). It is NaN for NaN. From Maas, Hannun and Ng, "Rectifier
    Nonlinearities Improve Neural Network Acoustic Models", ICML 2013.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.leaky_relu(np.array([-1.0, 0.0, 2.0]), negative_slope=0.1)
    array([-0.1,  0. ,  2. ])
    """


@activation_function(
    lambda alpha: ("elu", (alpha, 1.0)), alpha=POSITIVE, edges=((-inf, -1, 0), (0, 0, 1), (2, 2, 1), (inf, inf, 1))
)
def elu(*, alpha: float = 1.0) -> None:
    r"""Exponential linear unit.

    .. math:: f(x) = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}

    Parameters
    ----------
    alpha : float, default 1.0
        Minus the limit at -inf; positive.

    Returns
    -------
    ndarray or scalar
        From ``-alpha`` up.

    Notes
    -----
    The derivative is 1 for x > 0 and ``alpha * exp(x)`` for x <= 0, as in PyTorch and JAX; for ``alpha`` other than 1
    it does not exist at 0. From D.-A. Clevert, T. Unterthiner and S. Hochreiter, "Fast and Accurate Deep Network
    Learning by Exponential Linear Units (ELUs)", ICLR 2016.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.elu(np.array([-np.inf, -1.0, 2.0]))
    array([-1.        , -0.63212056,  2.        ])
    """


SELU_SCALE, SELU_LIMIT = 1.0507009873554804934193349852946, 1.7580993408473768599402175208123
"""The fixed point of Klambauer et al., appendix A: lambda, and lambda times alpha."""


@activation_function(
    lambda: ("elu", (SELU_LIMIT, SELU_SCALE)),
    edges=((-inf, -1.7580993408473768, 0), (0, 0, 1.7580993408473768), (inf, inf, 1.0507009873554805)),
)
def selu() -> None:
    r"""Scaled exponential linear unit, which keeps mean 0 and variance 1 through the layers.

    .. math:: f(x) = \lambda \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}

    Returns
    -------
    ndarray or scalar
        From -1.7580993 up; lambda is 1.0507009873554805 and alpha 1.6732632423543772.

    Notes
    -----
    The derivative at 0, where it does not exist, is that on the left, lambda times alpha, as in PyTorch and JAX. From
    G. Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.selu(np.array([-1.0, 2.0]))
    array([-1.11133074,  2.10140197])
    """


@activation_function(alpha=POSITIVE, edges=((-inf, -1, 0), (0, 0, 1), (2, 2, 1), (inf, inf, 1)))
def celu(*, alpha: float = 1.0) -> None:
    r"""Continuously differentiable exponential linear unit.

    .. math:: f(x) = \max(0, x) + \min(0, \alpha (e^{x / \alpha} - 1))

    Parameters
    ----------
    alpha : float, default 1.0
        Minus the limit at -inf; positive.

    Returns
    -------
    ndarray or scalar
        From ``-alpha`` up.

    Notes
    -----
    The derivative is 1 for x >= 0 and ``exp(x / alpha)`` below. From J. T. Barron, "Continuously Differentiable
    Exponential Linear Units", arXiv:1704.07483.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.celu(np.array([-np.inf, -1.0, 2.0]), alpha=2.0)
    array([-2.        , -0.78693868,  2.        ])
    """


@activation_function(
    lambda lambda_, bias: ("shrink", (lambda_, lambda_ if bias is None else bias)),
    lambda_=NOT_NEGATIVE,
    edges=((-inf, -inf, 1), (-0.5, 0, 0), (0, 0, 0), (0.5, 0, 0), (2, 1.5, 1), (inf, inf, 1)),
    bounds=(0.5, 0),
)
def softshrink(*, lambda_: float = 0.5, bias: float | None = None) -> None:
    r"""Soft thresholding: 0 near 0, and x pulled towards 0 beyond.

    .. math:: f(x) = \begin{cases} x - b & x > \lambda \\ x + b & x < -\lambda \\ 0 & \text{otherwise} \end{cases}

    Parameters
    ----------
    lambda_ : float, default 0.5
        Where the flat part ends; not negative.
    bias : float, optional
        How far x is pulled: b. By default ``lambda_``, which makes f continuous (ONNX: Shrink).

    Returns
    -------
    ndarray or scalar
        The result of each element.

    Notes
    -----
    The derivative is 1 beyond the flat part and 0 in it, at its ends too, as in PyTorch.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.softshrink(np.array([-2.0, 0.3, 2.0]))
    array([-1.5,  0. ,  1.5])
    """


@activation_function(
    lambda lambda_, bias: ("shrink", (lambda_, bias)),
    lambda_=NOT_NEGATIVE,
    edges=((-inf, -inf, 1), (-0.5, 0, 0), (0, 0, 0), (0.5, 0, 0), (2, 2, 1), (inf, inf, 1)),
    bounds=(0, 0),
)
def hardshrink(*, lambda_: float = 0.5, bias: float = 0.0) -> None:
    r"""Hard thresholding: 0 near 0, and x beyond.

    .. math:: f(x) = \begin{cases} x - b & x > \lambda \\ x + b & x < -\lambda \\ 0 & \text{otherwise} \end{cases}

    Parameters
    ----------
    lambda_ : float, default 0.5
        Where the flat part ends; not negative.
    bias : float, default 0.0
        How far x is pulled towards 0: b (ONNX: Shrink).

    Returns
    -------
    ndarray or scalar
        The result of each element.

    Notes
    -----
    The derivative is 1 beyond the flat part and 0 in it, at its ends too, as in PyTorch.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hardshrink(np.array([-2.0, 0.3, 2.0]))
    array([-2.,  0.,  2.])
    """


@activation_function(edges=((-inf, 0, 0), (0, 0, 0), (2, 2, 1), (inf, inf, 1)), bounds=(0, 0))
def threshold(*, threshold: float = 0.0, value: float = 0.0) -> None:
    r"""x above a threshold, a value elsewhere.

    .. math:: f(x) = \begin{cases} x & x > t \\ v & \text{otherwise} \end{cases}

    Parameters
    ----------
    threshold : float, default 0.0
        x passes where it is above: t.
    value : float, default 0.0
        The result elsewhere: v.

    Returns
    -------
    ndarray or scalar
        The result of each element.

    Notes
    -----
    The derivative is 1 above the threshold and 0 elsewhere, at it too, as in PyTorch.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.threshold(np.array([-1.0, 1.0, 3.0]), threshold=2.0, value=-5.0)
    array([-5., -5.,  3.])
    """


@activation_function(
    lambda alpha: ("threshold", (alpha, 0.0)), edges=((-inf, 0, 0), (1, 0, 0), (2, 2, 1), (inf, inf, 1)), bounds=(0, 0)
)
def thresholded_relu(*, alpha: float = 1.0) -> None:
    r"""x above a threshold, 0 elsewhere.

    .. math:: f(x) = \begin{cases} x & x > \alpha \\ 0 & \text{otherwise} \end{cases}

    Parameters
    ----------
    alpha : float, default 1.0
        The threshold.

    Returns
    -------
    ndarray or scalar
        The result of each element.

    Notes
    -----
    The derivative is 1 above the threshold and 0 elsewhere. From K. Konda, R. Memisevic and D. Krueger, "Zero-bias
    autoencoders and the benefits of co-adapting features", ICLR 2015; ONNX has the same.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.thresholded_relu(np.array([-1.0, 1.0, 3.0]))
    array([0., 0., 3.])
    """


@activation_function(edges=((-inf, 0, 0), (-1, 0, 0), (0, 0.25, 0.5), (1, 1, 1), (inf, inf, 1)), bounds=(2, 1))
def sparse_plus() -> None:
    r"""A softplus that is exactly 0 on the left and exactly x on the right.

    .. math:: f(x) = \begin{cases} 0 & x \le -1 \\ \tfrac14 (x + 1)^2 & -1 < x < 1 \\ x & x \ge 1 \end{cases}

    Returns
    -------
    ndarray or scalar
        From 0 up.

    Notes
    -----
    Its derivative is :func:`sparse_sigmoid`. As in JAX and Keras.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.sparse_plus(np.array([-2.0, 0.0, 2.0]))
    array([0.  , 0.25, 2.  ])
    """


@activation_function(
    lambda slope, offset, min_value, max_value: (
        "clipped_linear",
        (slope, offset, *ordered(min_value=min_value, max_value=max_value)),
    ),
    edges=((-inf, 0, 0), (0, 0, 0), (0.5, 0.5, 1), (1, 1, 0), (inf, 1, 0)),
    bounds=(0, 0),
)
def clipped_linear(*, slope: float = 1.0, offset: float = 0.0, min_value: float = 0.0, max_value: float = 1.0) -> None:
    r"""A line between two limits.

    .. math:: f(x) = \min(b, \max(a, s x + o))

    Parameters
    ----------
    slope, offset : float, default 1.0 and 0.0
        The line, s and o.
    min_value, max_value : float, default 0.0 and 1.0
        The limits a and b.

    Returns
    -------
    ndarray or scalar
        From ``min_value`` to ``max_value``.

    Notes
    -----
    The derivative is ``slope`` strictly between the limits, and 0 beyond and at them. As in thinc.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.clipped_linear(np.array([-1.0, 0.25, 4.0]), slope=2.0)
    array([0. , 0.5, 1. ])
    """
