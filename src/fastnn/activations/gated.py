"""Gated pairs: values times an activation of their gates, which are a second array or the other half of one."""

from __future__ import annotations

from fastnn._core.gated import gated_pair
from fastnn.activations.rectifiers import relu
from fastnn.activations.saturating import sigmoid
from fastnn.activations.smooth import gelu, swish


@gated_pair(sigmoid)
def glu() -> None:
    r"""Gated linear unit: values times the sigmoid of their gates.

    .. math:: f(x, g) = x \, \sigma(g)

    Notes
    -----
    As in PyTorch, JAX and Keras, the second half gates the first. From Y. N. Dauphin, A. Fan, M. Auli and D. Grangier,
    "Language Modeling with Gated Convolutional Networks", ICML 2017.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.glu(np.array([2.0, -4.0, 0.0, 1.0]))
    array([ 1.        , -2.92423431])
    >>> nn.glu(np.array([2.0, -4.0]), np.array([0.0, 1.0]))
    array([ 1.        , -2.92423431])
    """


@gated_pair(relu)
def reglu() -> None:
    r"""Values times the rectified gates.

    .. math:: f(x, g) = x \max(0, g)

    Notes
    -----
    The derivative with respect to a gate of 0 is 0. From N. Shazeer, "GLU Variants Improve Transformer",
    arXiv:2002.05202.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.reglu(np.array([2.0, -4.0, -1.0, 3.0]))
    array([  0., -12.])
    """


@gated_pair(gelu)
def geglu(*, approximate: str = "none") -> None:
    r"""Values times the :func:`gelu` of their gates.

    .. math:: f(x, g) = x \, g \, \Phi(g)

    Parameters
    ----------
    approximate : {"none", "tanh"}, default "none"
        The form of :func:`gelu`.

    Notes
    -----
    From N. Shazeer, "GLU Variants Improve Transformer", arXiv:2002.05202.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.geglu(np.array([2.0, -4.0, -1.0, 3.0]))
    array([ -0.31731051, -11.98380122])
    """


@gated_pair(swish)
def swiglu(*, beta: float = 1.0) -> None:
    r"""Values times the :func:`swish` of their gates.

    .. math:: f(x, g) = x \, g \, \sigma(\beta g)

    Parameters
    ----------
    beta : float, default 1.0
        The factor of :func:`swish`. (ONNX calls it alpha.)

    Notes
    -----
    The order of the halves is that of :func:`glu`. ONNX's SwiGLU takes the gates first, and so do models that keep
    "gate" and "up" in one matrix: give these as two arrays, ``swiglu(up, gate)``. From N. Shazeer, "GLU Variants
    Improve Transformer", arXiv:2002.05202.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.swiglu(np.array([2.0, -4.0, -1.0, 3.0]))
    array([ -0.53788284, -11.43088952])
    """
