"""Made by tools/stubs.py from the catalogue."""

from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from fastnn._core.activation import Activation as Activation, Backward, Derivative
from fastnn._core.arrays import Array, ArrayLike
from fastnn._core.declaration import Declared
from fastnn._core.gated import Gated, GatedBackward
from fastnn._core.layers.attention import AttentionSoftmax, AttentionSoftmaxBackward, SinkGradient
from fastnn._core.layers.batch import BatchNorm, BatchNormBackward
from fastnn._core.layers.bias import BiasActivation, BiasActivationBackward
from fastnn._core.layers.dot_product import ScaledDotProductAttention, ScaledDotProductAttentionBackward
from fastnn._core.layers.dropout import AlphaDropout, AlphaDropoutBackward, Dropout, DropoutAdd, DropoutBackward
from fastnn._core.layers.dyt import Dyt, DytBackward
from fastnn._core.layers.embedding import Embedding, EmbeddingBackward, ScatterAdd
from fastnn._core.layers.normalization import AddLayerNorm, AddLayerNormBackward, AddRmsNorm, AddRmsNormBackward
from fastnn._core.layers.normalization import GroupNorm, GroupNormBackward, InstanceNorm, InstanceNormBackward
from fastnn._core.layers.normalization import LayerNorm, LayerNormBackward, RmsNorm, RmsNormBackward
from fastnn._core.layers.rotation import RotaryEmbedding, RotaryEmbeddingBackward
from fastnn._core.layers.unit import Normalize, NormalizeBackward
from fastnn._core.log_sum import LogSum as LogSum, LogSumBackward
from fastnn._core.losses.batch import BatchLoss, PairLoss
from fastnn._core.losses.gaussian import GaussianLoss, VarianceGradient
from fastnn._core.losses.joint import JointLoss
from fastnn._core.losses.linear import LinearLoss
from fastnn._core.losses.lists import ListLoss
from fastnn._core.losses.loss import AnsweringPart, LabelLoss, Loss as Loss, PassPart, RowLoss
from fastnn._core.losses.root import RootLoss
from fastnn._core.losses.sequences import SequenceLoss
from fastnn._core.losses.triplets import TripletLoss
from fastnn._core.maxout import Maxout, MaxoutBackward
from fastnn._core.models import Number
from fastnn._core.parametric import PRelu, PReluBackward, RRelu, RReluBackward
from fastnn._core.row_function import Backward as RowBackward, BackwardFrom, RowFunction as RowFunction
from fastnn._core.selection import SelectiveLogSoftmax, SelectiveLogSoftmaxBackward

class _sigmoid(Activation):
    """Logistic sigmoid, from 0 to 1."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
sigmoid: _sigmoid
class _log_sigmoid(Activation):
    """Logarithm of the sigmoid."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
log_sigmoid: _log_sigmoid
class _hard_sigmoid(Activation):
    """Piecewise linear sigmoid."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, alpha: float = 0.16666666666666666, beta: float = 0.5, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, alpha: float = 0.16666666666666666, beta: float = 0.5, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, alpha: float = 0.16666666666666666, beta: float = 0.5, out: Array | None = None) -> Array: ...
hard_sigmoid: _hard_sigmoid
class _tanh(Activation):
    """Hyperbolic tangent, from -1 to 1."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
tanh: _tanh
class _hard_tanh(Activation):
    """The identity between two limits."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, min_value: float = -1.0, max_value: float = 1.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, min_value: float = -1.0, max_value: float = 1.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, min_value: float = -1.0, max_value: float = 1.0, out: Array | None = None) -> Array: ...
hard_tanh: _hard_tanh
class _tanhshrink(Activation):
    """What the hyperbolic tangent takes away."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
tanhshrink: _tanhshrink
class _softsign(Activation):
    """A sigmoid that comes near its limits slowly."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
softsign: _softsign
class _sparse_sigmoid(Activation):
    """A line from 0 to 1."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
sparse_sigmoid: _sparse_sigmoid
class _logit(Activation):
    """Inverse of the sigmoid: the log-odds of a probability."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
logit: _logit
class _relu(Activation):
    """Rectified linear unit, max(0, x)."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, out: Array | None = None) -> Array: ...
relu: _relu
class _relu6(Activation):
    """The identity between 0 and 6."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
relu6: _relu6
class _relu_squared(Activation):
    """Square of the rectified linear unit."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
relu_squared: _relu_squared
class _leaky_relu(Activation):
    """Leaky rectified linear unit: x for x > 0, ``negative_slope * x`` otherwise."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, negative_slope: float = 0.01, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, negative_slope: float = 0.01, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, negative_slope: float = 0.01, out: Array | None = None) -> Array: ...
leaky_relu: _leaky_relu
class _elu(Activation):
    """Exponential linear unit."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, alpha: float = 1.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, alpha: float = 1.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, alpha: float = 1.0, out: Array | None = None) -> Array: ...
elu: _elu
class _selu(Activation):
    """Scaled exponential linear unit, which keeps mean 0 and variance 1 through the layers."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
selu: _selu
class _celu(Activation):
    """Continuously differentiable exponential linear unit."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, alpha: float = 1.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, alpha: float = 1.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, alpha: float = 1.0, out: Array | None = None) -> Array: ...
celu: _celu
class _softshrink(Activation):
    """Soft thresholding: 0 near 0, and x pulled towards 0 beyond."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, lambda_: float = 0.5, bias: float | None = None, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, lambda_: float = 0.5, bias: float | None = None, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, lambda_: float = 0.5, bias: float | None = None, out: Array | None = None) -> Array: ...
softshrink: _softshrink
class _hardshrink(Activation):
    """Hard thresholding: 0 near 0, and x beyond."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, lambda_: float = 0.5, bias: float = 0.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, lambda_: float = 0.5, bias: float = 0.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, lambda_: float = 0.5, bias: float = 0.0, out: Array | None = None) -> Array: ...
hardshrink: _hardshrink
class _threshold(Activation):
    """x above a threshold, a value elsewhere."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, threshold: float = 0.0, value: float = 0.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, threshold: float = 0.0, value: float = 0.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, threshold: float = 0.0, value: float = 0.0, out: Array | None = None) -> Array: ...
threshold: _threshold
class _thresholded_relu(Activation):
    """x above a threshold, 0 elsewhere."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, alpha: float = 1.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, alpha: float = 1.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, alpha: float = 1.0, out: Array | None = None) -> Array: ...
thresholded_relu: _thresholded_relu
class _sparse_plus(Activation):
    """A softplus that is exactly 0 on the left and exactly x on the right."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
sparse_plus: _sparse_plus
class _clipped_linear(Activation):
    """A line between two limits."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, slope: float = 1.0, offset: float = 0.0, min_value: float = 0.0, max_value: float = 1.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, slope: float = 1.0, offset: float = 0.0, min_value: float = 0.0, max_value: float = 1.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, slope: float = 1.0, offset: float = 0.0, min_value: float = 0.0, max_value: float = 1.0, out: Array | None = None) -> Array: ...
clipped_linear: _clipped_linear
class _linear(Activation):
    """The identity, for output layers of regression."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
linear: _linear
class _gelu(Activation):
    """Gaussian error linear unit."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, approximate: str = 'none', out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, approximate: str = 'none', y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, approximate: str = 'none', out: Array | None = None) -> Array: ...
gelu: _gelu
class _quick_gelu(Activation):
    """A cheap approximation of the Gaussian error linear unit."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
quick_gelu: _quick_gelu
class _silu(Activation):
    """Sigmoid linear unit."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
silu: _silu
class _swish(Activation):
    """Swish: :func:`silu` with a factor inside the sigmoid."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, beta: float = 1.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, beta: float = 1.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, beta: float = 1.0, out: Array | None = None) -> Array: ...
swish: _swish
class _hard_silu(Activation):
    """Piecewise quadratic :func:`silu`; also called hard swish."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
hard_silu: _hard_silu
class _mish(Activation):
    """Mish."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
mish: _mish
class _hard_mish(Activation):
    """Piecewise quadratic :func:`mish`."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
hard_mish: _hard_mish
class _serf(Activation):
    """An error function in the form of :func:`mish`."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
serf: _serf
class _dish(Activation):
    """An algebraic function in the form of :func:`silu`."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
dish: _dish
class _softplus(Activation):
    """Smooth rectified linear unit."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, beta: float = 1.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, beta: float = 1.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, beta: float = 1.0, out: Array | None = None) -> Array: ...
softplus: _softplus
class _squareplus(Activation):
    """Algebraic softplus."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, b: float = 4.0, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, b: float = 4.0, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, b: float = 4.0, out: Array | None = None) -> Array: ...
squareplus: _squareplus
class _exponential(Activation):
    """Exponential function."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
exponential: _exponential
class _bent_identity(Activation):
    """The identity with a bend."""
    class _derivative(Derivative):
        def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
    derivative: _derivative
    class _backward(Backward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, *, y: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, out: Array | None = None) -> Array: ...
bent_identity: _bent_identity
class _glu(Gated):
    """Gated linear unit: values times the sigmoid of their gates."""
    class _backward(GatedBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, out: Any = None) -> Array | tuple[Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, out: Array | None = None) -> Array: ...
glu: _glu
class _reglu(Gated):
    """Values times the rectified gates."""
    class _backward(GatedBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, out: Any = None) -> Array | tuple[Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, out: Array | None = None) -> Array: ...
reglu: _reglu
class _geglu(Gated):
    """Values times the :func:`gelu` of their gates."""
    class _backward(GatedBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, approximate: str = 'none', out: Any = None) -> Array | tuple[Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, approximate: str = 'none', out: Array | None = None) -> Array: ...
geglu: _geglu
class _swiglu(Gated):
    """Values times the :func:`swish` of their gates."""
    class _backward(GatedBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, beta: float = 1.0, out: Any = None) -> Array | tuple[Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, gate: ArrayLike | None = None, /, axis: int = -1, *, beta: float = 1.0, out: Array | None = None) -> Array: ...
swiglu: _swiglu
class _prelu(PRelu):
    """Rectified linear unit with a learnable slope for each channel."""
    class _backward(PReluBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, weight: ArrayLike, /, axis: int = 1, *, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, weight: ArrayLike, /, axis: int = 1, *, out: Array | None = None) -> Array: ...
prelu: _prelu
class _rrelu(RRelu):
    """Rectified linear unit with random slopes in training."""
    class _backward(RReluBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, /, *, y: ArrayLike | None = None, lower: float = 0.125, upper: float = 0.3333333333333333, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, *, lower: float = 0.125, upper: float = 0.3333333333333333, rng: np.random.Generator | None = None, out: Array | None = None) -> Array: ...
rrelu: _rrelu
class _maxout(Maxout):
    """The largest of several linear pieces."""
    class _backward(MaxoutBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, /, axis: int = -1, *, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int = -1, *, out: Array | None = None) -> Array: ...
maxout: _maxout
ACTIVATIONS: dict[str, Activation]
UNITS: dict[str, Declared]
ALIASES: dict[str, Activation]
def activation(name: str) -> Activation: ...
