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

class _layer_norm(LayerNorm):
    """Layer normalization: rows with a mean of 0 and a variance of 1, times a weight and plus a bias."""
    class _backward(LayerNormBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, weight: ArrayLike | None = None, /, axis: int | tuple[int, ...] | None = -1, *, epsilon: float = 1e-05, statistics: ArrayLike | None = None, out: Array | None = None) -> tuple[Array, Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, weight: ArrayLike | None = None, bias: ArrayLike | None = None, /, axis: int | tuple[int, ...] | None = -1, *, epsilon: float = 1e-05, return_statistics: bool = False, out: Array | None = None) -> Array | tuple[Array, Array]: ...
layer_norm: _layer_norm
class _rms_norm(RmsNorm):
    """Normalization by the root of the mean square, times a weight."""
    class _backward(RmsNormBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, weight: ArrayLike | None = None, /, axis: int | tuple[int, ...] | None = -1, *, offset: float = 0.0, epsilon: float = 1e-06, statistics: ArrayLike | None = None, out: Array | None = None) -> tuple[Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, weight: ArrayLike | None = None, /, axis: int | tuple[int, ...] | None = -1, *, epsilon: float = 1e-06, offset: float = 0.0, return_statistics: bool = False, out: Array | None = None) -> Array | tuple[Array, Array]: ...
rms_norm: _rms_norm
class _add_layer_norm(AddLayerNorm):
    """Layer normalization of the sum of x and a residual, and that sum, in one pass."""
    class _backward(AddLayerNormBackward):
        def __call__(self, grad: ArrayLike, grad_total: ArrayLike, total: ArrayLike, weight: ArrayLike | None = None, /, axis: int | tuple[int, ...] | None = -1, *, epsilon: float = 1e-05, statistics: ArrayLike | None = None, out: Array | None = None) -> tuple[Array, Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, residual: ArrayLike, weight: ArrayLike | None = None, bias: ArrayLike | None = None, /, axis: int | tuple[int, ...] | None = -1, *, epsilon: float = 1e-05, return_statistics: bool = False, out: tuple[Array | None, Array | None] | None = None) -> tuple[Array, ...]: ...
add_layer_norm: _add_layer_norm
class _add_rms_norm(AddRmsNorm):
    """Normalization of the sum of x and a residual by its root mean square, and that sum, in one pass."""
    class _backward(AddRmsNormBackward):
        def __call__(self, grad: ArrayLike, grad_total: ArrayLike, total: ArrayLike, weight: ArrayLike | None = None, /, axis: int | tuple[int, ...] | None = -1, *, offset: float = 0.0, epsilon: float = 1e-06, statistics: ArrayLike | None = None, out: Array | None = None) -> tuple[Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, residual: ArrayLike, weight: ArrayLike | None = None, /, axis: int | tuple[int, ...] | None = -1, *, epsilon: float = 1e-06, offset: float = 0.0, return_statistics: bool = False, out: tuple[Array | None, Array | None] | None = None) -> tuple[Array, ...]: ...
add_rms_norm: _add_rms_norm
class _group_norm(GroupNorm):
    """Group normalization: groups of the channels of each item, with a mean of 0 and a variance of 1."""
    class _backward(GroupNormBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, weight: ArrayLike | None = None, /, axis: int = 1, *, groups: int, epsilon: float = 1e-05, statistics: ArrayLike | None = None, out: Array | None = None) -> tuple[Array, Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, weight: ArrayLike | None = None, bias: ArrayLike | None = None, /, axis: int = 1, *, groups: int, epsilon: float = 1e-05, return_statistics: bool = False, out: Array | None = None) -> Array | tuple[Array, Array]: ...
group_norm: _group_norm
class _instance_norm(InstanceNorm):
    """Instance normalization: each channel of each item, with a mean of 0 and a variance of 1."""
    class _backward(InstanceNormBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, weight: ArrayLike | None = None, /, axis: int = 1, *, epsilon: float = 1e-05, statistics: ArrayLike | None = None, out: Array | None = None) -> tuple[Array, Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, weight: ArrayLike | None = None, bias: ArrayLike | None = None, /, axis: int = 1, *, epsilon: float = 1e-05, return_statistics: bool = False, out: Array | None = None) -> Array | tuple[Array, Array]: ...
instance_norm: _instance_norm
class _batch_norm(BatchNorm):
    """Batch normalization: channels with a mean of 0 and a variance of 1 over all items, times a weight, plus a bias."""
    class _backward(BatchNormBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, weight: ArrayLike | None = None, /, axis: int = 1, *, training: bool = True, epsilon: float = 1e-05, statistics: ArrayLike | None = None, out: Array | None = None) -> tuple[Array, Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, weight: ArrayLike | None = None, bias: ArrayLike | None = None, running_mean: ArrayLike | None = None, running_variance: ArrayLike | None = None, /, axis: int = 1, *, training: bool = True, momentum: float = 0.1, momentum_weighs: str = 'new', stores: str = 'unbiased', epsilon: float = 1e-05, return_statistics: bool = False, out: Array | None = None) -> Array | tuple[Array, Array]: ...
batch_norm: _batch_norm
class _normalize(Normalize):
    """Rows of norm 1: x divided by its p-norm."""
    class _backward(NormalizeBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, p: float = 2.0, epsilon: float = 1e-12, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, axis: int | tuple[int, ...] | None = -1, *, p: float = 2.0, epsilon: float = 1e-12, out: Array | None = None) -> Array: ...
normalize: _normalize
class _dyt(Dyt):
    """Dynamic tanh, in the place of a normalization: no statistics, but a tanh that learns how steep it is."""
    class _backward(DytBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike, alpha: float, weight: ArrayLike | None = None, /, axis: int | tuple[int, ...] | None = -1, *, out: Array | None = None) -> tuple[Array, Number, Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, alpha: float, weight: ArrayLike | None = None, bias: ArrayLike | None = None, /, axis: int | tuple[int, ...] | None = -1, *, out: Array | None = None) -> Array: ...
dyt: _dyt
class _bias_activation(BiasActivation):
    """An activation of x plus a bias for each channel, in one pass."""
    class _backward(BiasActivationBackward):
        def __call__(self, grad: ArrayLike, x: ArrayLike | None = None, bias: ArrayLike | None = None, /, activation: str | Activation = 'relu', axis: int = -1, *, y: ArrayLike | None = None, out: Array | None = None, **hyperparameter: Any) -> tuple[Array, Array]: ...
    backward: _backward
    def __call__(self, x: ArrayLike, bias: ArrayLike, /, activation: str | Activation = 'relu', axis: int = -1, *, out: Array | None = None, **hyperparameter: Any) -> Array: ...
bias_activation: _bias_activation
class _attention_softmax(AttentionSoftmax):
    """The probabilities of attention: the softmax of scaled and masked scores, over the keys."""
    class _backward(AttentionSoftmaxBackward):
        def __call__(self, grad: ArrayLike, y: ArrayLike, scores: ArrayLike | None = None, /, *, scale: float = 1.0, causal: bool = False, window: tuple[int | None, int | None] | None = None, alignment: str | None = None, softcap: float | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    class _sink_gradient(SinkGradient):
        def __call__(self, grad: ArrayLike, y: ArrayLike, /) -> Array: ...
    sink_gradient: _sink_gradient
    def __call__(self, scores: ArrayLike, /, mask: ArrayLike | None = None, *, scale: float = 1.0, causal: bool = False, window: tuple[int | None, int | None] | None = None, alignment: str | None = None, slopes: ArrayLike | None = None, softcap: float | None = None, sink: ArrayLike | None = None, out: Array | None = None) -> Array: ...
attention_softmax: _attention_softmax
class _scaled_dot_product_attention(ScaledDotProductAttention):
    """Attention: values, weighed by the softmax of the products of queries and keys."""
    class _backward(ScaledDotProductAttentionBackward):
        def __call__(self, grad: ArrayLike, query: ArrayLike, key: ArrayLike, value: ArrayLike, /, mask: ArrayLike | None = None, *, scale: float | None = None, causal: bool = False, window: tuple[int | None, int | None] | None = None, alignment: str | None = None, slopes: ArrayLike | None = None, softcap: float | None = None, sink: ArrayLike | None = None, out: tuple[Array | None, Array | None, Array | None] | None = None) -> tuple[Array, Array, Array]: ...
    backward: _backward
    def __call__(self, query: ArrayLike, key: ArrayLike, value: ArrayLike, /, mask: ArrayLike | None = None, *, scale: float | None = None, causal: bool = False, window: tuple[int | None, int | None] | None = None, alignment: str | None = None, slopes: ArrayLike | None = None, softcap: float | None = None, sink: ArrayLike | None = None, out: Array | None = None) -> Array: ...
scaled_dot_product_attention: _scaled_dot_product_attention
class _rotary_embedding(RotaryEmbedding):
    """Rotary position embedding: pairs of features, rotated by angles that grow with the position."""
    class _backward(RotaryEmbeddingBackward):
        def __call__(self, grad: ArrayLike, cosines: ArrayLike, sines: ArrayLike, /, positions: ArrayLike | None = None, axis: int = -2, *, interleaved: bool = False, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, cosines: ArrayLike, sines: ArrayLike, /, positions: ArrayLike | None = None, axis: int = -2, *, interleaved: bool = False, out: Array | None = None) -> Array: ...
rotary_embedding: _rotary_embedding
class _dropout(Dropout):
    """Dropout: a share of the elements becomes 0, and the others grow by as much."""
    class _backward(DropoutBackward):
        def __call__(self, grad: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None) -> Array: ...
dropout: _dropout
class _dropout_add(DropoutAdd):
    """Dropout and the addition of a residual, in one pass."""
    def __call__(self, x: ArrayLike, residual: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None) -> Array: ...
dropout_add: _dropout_add
class _alpha_dropout(AlphaDropout):
    """Dropout for networks of :func:`selu`: numbers of mean 0 and variance 1 keep both."""
    class _backward(AlphaDropoutBackward):
        def __call__(self, grad: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, x: ArrayLike, /, rate: float = 0.5, *, seed: int, offset: int = 0, out: Array | None = None) -> Array: ...
alpha_dropout: _alpha_dropout
class _embedding(Embedding):
    """The rows of a table that an index names."""
    class _backward(EmbeddingBackward):
        def __call__(self, grad: ArrayLike, index: ArrayLike, /, rows: int, *, padding_index: int | None = None, out: Array | None = None) -> Array: ...
    backward: _backward
    def __call__(self, weight: ArrayLike, index: ArrayLike, /, *, out: Array | None = None) -> Array: ...
embedding: _embedding
class _scatter_add(ScatterAdd):
    """Add rows to those of a table that an index names, in place."""
    def __call__(self, table: Array, index: ArrayLike, rows: ArrayLike, /) -> Array: ...
scatter_add: _scatter_add
LAYERS: dict[str, Declared]
def one_hot(labels: ArrayLike, classes: int, *, dtype: npt.DTypeLike = np.float32) -> Array: ...
def rotary_table(positions: ArrayLike, features: int, *, base: float = 10000.0, dtype: npt.DTypeLike = np.float32) -> tuple[Array, Array]: ...
