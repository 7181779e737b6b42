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

class _softmax(RowFunction):
    """Softmax: non-negative numbers that sum to 1 along an axis."""
    class _backward(RowBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, axis: int | tuple[int, ...] | None = -1, *, temperature: float = 1.0, y: ArrayLike | None = None, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, temperature: float = 1.0, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
softmax: _softmax
class _softmin(RowFunction):
    """Softmin: the softmax of -x."""
    class _backward(RowBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, axis: int | tuple[int, ...] | None = -1, *, temperature: float = 1.0, y: ArrayLike | None = None, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, temperature: float = 1.0, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
softmin: _softmin
class _log_softmax(RowFunction):
    """Logarithm of the softmax."""
    class _backward(RowBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, axis: int | tuple[int, ...] | None = -1, *, temperature: float = 1.0, y: ArrayLike | None = None, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, temperature: float = 1.0, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
log_softmax: _log_softmax
class _sparsemax(RowFunction):
    """Sparsemax: the point of the probability simplex that is nearest to x."""
    class _backward(RowBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, axis: int | tuple[int, ...] | None = -1, *, y: ArrayLike | None = None, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
sparsemax: _sparsemax
class _entmax15(RowFunction):
    """1.5-entmax, between softmax and sparsemax: small elements get exactly 0, the others change smoothly."""
    class _backward(RowBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, axis: int | tuple[int, ...] | None = -1, *, y: ArrayLike | None = None, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
entmax15: _entmax15
class _hardmax(RowFunction):
    """Hardmax: 1 at the first of the largest elements, 0 elsewhere."""
    class _backward(RowBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, axis: int | tuple[int, ...] | None = -1, *, y: ArrayLike | None = None, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
hardmax: _hardmax
class _standardize(RowFunction):
    """Standardized numbers: their mean is 0 and their variance 1, along an axis."""
    class _backward(BackwardFrom):
        def __call__(self, grad: ArrayLike, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, epsilon: float = 1e-05, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, epsilon: float = 1e-05, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
standardize: _standardize
class _logsumexp(LogSum):
    """Logarithm of the sum of exponentials."""
    class _backward(LogSumBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, b: ArrayLike | None = None, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, b: ArrayLike | None = None, where: ArrayLike | None = None, keepdims: bool = False, return_sign: bool = False, out: Array | None = None) -> Array | tuple[Array, Array]: ...
logsumexp: _logsumexp
class _logmeanexp(LogSum):
    """Logarithm of the mean of exponentials."""
    class _backward(LogSumBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, b: ArrayLike | None = None, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, b: ArrayLike | None = None, where: ArrayLike | None = None, keepdims: bool = False, return_sign: bool = False, out: Array | None = None) -> Array | tuple[Array, Array]: ...
logmeanexp: _logmeanexp
class _selective_log_softmax(SelectiveLogSoftmax):
    """Log-probabilities of labels: of each row of the log-softmax the element at the label, and nothing else."""
    class _backward(SelectiveLogSoftmaxBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, labels: ArrayLike, /, axis: int = -1, *, ignore_index: int | None = -100, softcap: float | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, labels: ArrayLike, /, axis: int = -1, *, ignore_index: int | None = -100, softcap: float | None = None, out: Array | None = None) -> Number | Array: ...
selective_log_softmax: _selective_log_softmax
ROW_FUNCTIONS: dict[str, RowFunction]
def gumbel_softmax(x: ArrayLike, rng: np.random.Generator, /, axis: int | tuple[int, ...] | None = -1, *, temperature: float = 1.0, where: ArrayLike | None = None, out: Array | None = None) -> Array: ...
