"""Activations with a smooth derivative: the smooth rectifiers, and functions without limits."""

from __future__ import annotations

import math
from math import inf

from fastnn._core.activation import activation_function
from fastnn._core.parameters import POSITIVE, Kernel


@activation_function(edges=((0, 0, 1), (inf, inf, 1), (-inf, -inf, 1)), bounds=(0, 0))
def linear() -> None:
    r"""The identity, for output layers of regression.

    .. math:: f(x) = x, \qquad f'(x) = 1

    Returns
    -------
    ndarray or scalar
        x, as a new array. Its derivative is 1, and NaN for NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.linear(np.array([-1.0, 2.0]))
    array([-1.,  2.])
    """


def gelu_kernel(approximate: str) -> Kernel:
    names = {"none": "gelu", "tanh": "gelu_tanh"}
    if approximate not in names:
        raise ValueError(f"approximate is {approximate!r}; accepted are 'none' and 'tanh'")
    return names[approximate], ()


@activation_function(
    gelu_kernel,
    edges=((-inf, 0, 0), (0, 0, 0.5), (inf, inf, 1), (-1e30, 0, 0), (1e30, 1e30, 1)),
    bounds=(3.2, 4.8),  # 2.9 with FMA; a form with an error of 2.1 takes a quarter longer
    crossing=-0.7518,
)
def gelu(*, approximate: str = "none") -> None:
    r"""Gaussian error linear unit.

    .. math:: f(x) = x \Phi(x) = \tfrac12 x \bigl(1 + \operatorname{erf}(x / \sqrt 2)\bigr), \qquad
        f'(x) = \Phi(x) + x \varphi(x)

    Parameters
    ----------
    approximate : {"none", "tanh"}, default "none"
        "tanh" is the approximation x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3). ("none" is the default of
        PyTorch and ONNX, "tanh" that of JAX; they differ by up to 4.7e-4.)

    Returns
    -------
    ndarray or scalar
        From -0.17 up; 0 at -inf.

    Notes
    -----
    The left tail keeps its relative accuracy: gelu(-6) is -5.92e-9 in float32 too, where PyTorch gives 0. From D.
    Hendrycks and K. Gimpel, "Gaussian Error Linear Units (GELUs)", arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.gelu(np.array([-6.0, 0.0, 1.0]))
    array([-5.91952587e-09,  0.00000000e+00,  8.41344746e-01])
    >>> nn.gelu(np.array([1.0]), approximate="tanh")
    array([0.84119199])
    """


@activation_function(
    lambda: ("swish", (1.702,)),
    edges=((-inf, 0, 0), (0, 0, 0.5), (inf, inf, 1), (-1e30, 0, 0), (1e30, 1e30, 1)),
    bounds=(2, 4.8),
    crossing=-0.7499,
)
def quick_gelu() -> None:
    r"""A cheap approximation of the Gaussian error linear unit.

    .. math:: f(x) = x \sigma(1.702 x)

    Returns
    -------
    ndarray or scalar
        From -0.164 up; 0 at -inf.

    Notes
    -----
    From the same paper as :func:`gelu`; it is :func:`swish` with ``beta=1.702``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.quick_gelu(np.array([-np.inf, 1.0]))
    array([0.        , 0.84579577])
    """


@activation_function(
    edges=((-inf, 0, 0), (0, 0, 0.5), (inf, inf, 1), (-1e30, 0, 0), (1e30, 1e30, 1)), bounds=(2, 4.5), crossing=-1.2785
)
def silu() -> None:
    r"""Sigmoid linear unit.

    .. math:: f(x) = x \sigma(x), \qquad f'(x) = \sigma(x) (1 + x \sigma(-x))

    Returns
    -------
    ndarray or scalar
        From -0.278 up; 0 at -inf, where PyTorch and JAX give NaN.

    Notes
    -----
    Also called swish; :func:`swish` has a hyperparameter. From S. Elfwing, E. Uchibe and K. Doya, "Sigmoid-Weighted
    Linear Units for Neural Network Function Approximation in Reinforcement Learning", Neural Networks 107 (2018).

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.silu(np.array([-100.0, 0.0, 1.0]))
    array([-3.72007598e-42,  0.00000000e+00,  7.31058579e-01])
    """


@activation_function(
    lambda beta: ("silu", ()) if beta == 1 else ("swish", (beta,)),
    edges=((-inf, 0, 0), (0, 0, 0.5), (inf, inf, 1)),
    bounds=(2, 4.5),
    crossing=-1.2785,
)
def swish(*, beta: float = 1.0) -> None:
    r"""Swish: :func:`silu` with a factor inside the sigmoid.

    .. math:: f(x) = x \sigma(\beta x), \qquad f'(x) = \sigma(\beta x) (1 + \beta x \sigma(-\beta x))

    Parameters
    ----------
    beta : float, default 1.0
        The factor. (ONNX calls it alpha.)

    Returns
    -------
    ndarray or scalar
        0 at -inf for a positive ``beta``.

    Notes
    -----
    From P. Ramachandran, B. Zoph and Q. V. Le, "Searching for Activation Functions", arXiv:1710.05941.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.swish(np.array([-1.0, 1.0]), beta=2.0)
    array([-0.11920292,  0.88079708])
    """


@activation_function(edges=((-inf, 0, 0), (-3, 0, 0), (0, 0, 0.5), (3, 3, 1), (inf, inf, 1)))
def hard_silu() -> None:
    r"""Piecewise quadratic :func:`silu`; also called hard swish.

    .. math:: f(x) = x \min(6, \max(0, x + 3)) / 6

    Returns
    -------
    ndarray or scalar
        From -0.375 up: 0 up to -3, x from 3 on.

    Notes
    -----
    The derivative is 0 at -3 and 1 at 3, where it does not exist, as in PyTorch and JAX. (thinc's ``hard_swish`` is x
    (0.2 x + 0.5).) From A. Howard et al., "Searching for MobileNetV3", ICCV 2019.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hard_silu(np.array([-4.0, 1.0, 4.0]))
    array([0.        , 0.66666667, 4.        ])
    """


@activation_function(
    edges=((-inf, 0, 0), (0, 0, 0.6), (inf, inf, 1), (-1e30, 0, 0), (1e30, 1e30, 1)),
    bounds=(3.2, 5.8),
    crossing=-1.1924,
)
def mish() -> None:
    r"""Mish.

    .. math:: f(x) = x \tanh(\log(1 + e^x))

    Returns
    -------
    ndarray or scalar
        From -0.309 up; 0 at -inf.

    Notes
    -----
    From D. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", BMVC 2020.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.mish(np.array([-1.0, 0.0, 1.0]))
    array([-0.30340146,  0.        ,  0.86509839])
    """


@activation_function(edges=((-inf, 0, 0), (-2, 0, 0), (-1, -0.5, 0), (0, 0, 1), (inf, inf, 1)), bounds=(1.5, 0.5))
def hard_mish() -> None:
    r"""Piecewise quadratic :func:`mish`.

    .. math:: f(x) = \tfrac12 x \min(2, \max(0, x + 2))

    Returns
    -------
    ndarray or scalar
        From -0.5 up: 0 up to -2, x from 0 on.

    Notes
    -----
    The derivative at -2, where it does not exist, is 0; the autograd form of timm has -1 there. From D. Misra,
    "H-Mish", 2020, https://github.com/digantamisra98/H-Mish.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.hard_mish(np.array([-3.0, -1.0, 1.0]))
    array([ 0. , -0.5,  1. ])
    """


@activation_function(
    edges=((-inf, 0, 0), (0, 0, math.erf(math.log(2))), (inf, inf, 1), (-1e30, 0, 0), (1e30, 1e30, 1)),
    bounds=(3.4, 4.4),
    crossing=-1.1931,
)
def serf() -> None:
    r"""An error function in the form of :func:`mish`.

    .. math:: f(x) = x \operatorname{erf}(\log(1 + e^x))

    Returns
    -------
    ndarray or scalar
        From -0.349 up; 0 at -inf.

    Notes
    -----
    From S. Nag, M. Bhattacharyya, A. Mukherjee and R. Kundu, "Serf: Towards Better Training of Deep Neural Networks
    Using Log-Softplus ERror Activation Function", WACV 2023.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.serf(np.array([-1.0, 0.0, 1.0]))
    array([-0.34224796,  0.        ,  0.93672192])
    """


@activation_function(edges=((-inf, 0, 0), (0, 0, 0.5), (inf, inf, 1)), bounds=(3.6, 5.7), crossing=-0.7862)
def dish() -> None:
    r"""An algebraic function in the form of :func:`silu`.

    .. math:: f(x) = \frac{x}{2} \Bigl(1 + \frac{x}{\sqrt{1 + x^2}}\Bigr)

    Returns
    -------
    ndarray or scalar
        From -0.15 up; 0 at -inf.

    Notes
    -----
    As in thinc.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.dish(np.array([-1.0, 0.0, 1.0]))
    array([-0.14644661,  0.        ,  0.85355339])
    """


@activation_function(
    lambda beta: ("softplus", ()) if beta == 1 else ("scaled_softplus", (beta,)),
    beta=POSITIVE,
    edges=((-inf, 0, 0), (inf, inf, 1)),
    bounds=(2.2, 4),
)
def softplus(*, beta: float = 1.0) -> None:
    r"""Smooth rectified linear unit.

    .. math:: f(x) = \tfrac1\beta \log(1 + e^{\beta x}), \qquad f'(x) = \sigma(\beta x)

    Parameters
    ----------
    beta : float, default 1.0
        How sharp the bend is; positive.

    Returns
    -------
    ndarray or scalar
        From 0 up.

    Notes
    -----
    Both tails are exact; PyTorch's ``threshold``, beyond which it returns x, is not needed. From C. Dugas et al.,
    "Incorporating Second-Order Functional Knowledge for Better Option Pricing", NIPS 2000.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.softplus(np.array([-50.0, 0.0, 50.0]))
    array([1.92874985e-22, 6.93147181e-01, 5.00000000e+01])
    """


def squareplus_kernel(b: float) -> Kernel:
    scale = 2.0 ** (-40 - math.frexp(b)[1] // 2)
    return "squareplus", (b, scale, b * scale * scale)


@activation_function(
    squareplus_kernel, b=POSITIVE, edges=((-inf, 0, 0), (0, 1, 0.5), (1.5, 2, 0.8), (inf, inf, 1)), bounds=(2.5, 4)
)
def squareplus(*, b: float = 4.0) -> None:
    r"""Algebraic softplus.

    .. math:: f(x) = \frac{x + \sqrt{x^2 + b}}{2}, \qquad f'(x) = \frac{f(x)}{\sqrt{x^2 + b}}

    Parameters
    ----------
    b : float, default 4.0
        How wide the bend is; positive.

    Returns
    -------
    ndarray or scalar
        From 0 up; 0 at -inf, where JAX gives NaN.

    Notes
    -----
    From J. T. Barron, "Squareplus: A Softplus-Like Algebraic Rectifier", arXiv:2112.11687.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.squareplus(np.array([-1.5, 0.0, 1.5]))
    array([0.5, 1. , 2. ])
    """


@activation_function(edges=((-inf, 0, 0), (0, 1, 1), (inf, inf, inf)))
def exponential() -> None:
    r"""Exponential function.

    .. math:: f(x) = f'(x) = e^x

    Returns
    -------
    ndarray or scalar
        From 0 to inf.

    Notes
    -----
    For outputs that are rates or variances. As in Keras.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.exponential(np.array([-np.inf, 0.0, 1.0]))
    array([0.        , 1.        , 2.71828183])
    """


@activation_function(edges=((-inf, -inf, 0.5), (0, 0, 1), (inf, inf, 1.5)))
def bent_identity() -> None:
    r"""The identity with a bend.

    .. math:: f(x) = x + \frac{\sqrt{x^2 + 1} - 1}{2}, \qquad f'(x) = 1 + \frac{x}{2 \sqrt{x^2 + 1}}

    Returns
    -------
    ndarray or scalar
        From -inf to inf, with slopes from 1/2 to 3/2.

    Notes
    -----
    From collections of activation functions; no peer has it.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.bent_identity(np.array([-1.0, 0.0, 1.0]))
    array([-0.79289322,  0.        ,  1.20710678])
    """
