"""A feed-forward network on the kernels: dense layers, back-propagation by the chain rule, mini-batch training.

The matrix products are NumPy's, everything else is fastnn's. A step of training allocates no arrays: activations and
gradients live in buffers that the next step uses again. In these, beside the units of a layer stands one that is always
1, whose weights are the next layer's biases: the product with the weights adds them, too, and the one that gives the
gradients of the weights gives theirs.
"""

from __future__ import annotations

import copy
import functools
import itertools
import json
import operator
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, ParamSpec, SupportsIndex, TypeVar

import numpy as np
import numpy.typing as npt

from fastnn._core.arrays import Array, ArrayLike, float_array
from fastnn._core.files import replacing, stored_arrays
from fastnn._core.optimizers.state import load_arrays, save_arrays
from fastnn._core.parameters import checked_number
from fastnn.activations import ACTIVATIONS, Activation, leaky_relu, relu, sigmoid
from fastnn.losses import (
    LOSSES,
    Loss,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy,
    cosine_similarity,
    cross_entropy,
    nll,
)
from fastnn.optimizers import Optimizer, adam
from fastnn.rows import ROW_FUNCTIONS, RowFunction, log_softmax, softmax

__all__ = ["Dense", "Design", "History", "Network", "Training"]

Output = Activation | RowFunction
P = ParamSpec("P")
T = TypeVar("T")


class Design(NamedTuple):
    """Which functions a network is made of, and what trains it; ``fastnn.recommend`` gives one.

    Attributes
    ----------
    hidden : Activation, or a sequence of them, one per hidden layer
        The activation of the hidden layers.
    output : Activation or RowFunction
        The activation of the last layer, which makes the prediction.
    loss : Loss
        The loss of the prediction.
    why : str
        The reason for the choice.
    optimizer : type of Optimizer, default adam
        What trains the network unless ``fit`` is given another.
    learning_rate : float, default 0.001
        The optimizer's learning rate.
    why_optimizer : str
        The reason for that choice.
    """

    hidden: Activation | Sequence[Activation]
    output: Activation | RowFunction
    loss: Loss
    why: str = ""
    optimizer: type[Optimizer] = adam
    learning_rate: float = 0.001
    why_optimizer: str = ""

    def __str__(self) -> str:
        hidden = [*self.hidden] if isinstance(self.hidden, Sequence) else [self.hidden]
        functions = ", ".join(function.__name__ for function in (*hidden, self.output, self.loss))
        return f"{functions}, {self.optimizer.__name__}({self.learning_rate:g})"


# Output and loss that are one function of the logits, which is exact where the two in a row are not.
FUSED: dict[tuple[Output, Loss], Loss] = {
    (softmax, categorical_cross_entropy): cross_entropy,
    (log_softmax, nll): cross_entropy,
    (sigmoid, binary_cross_entropy): binary_cross_entropy_with_logits,
}
RECTIFIERS = (relu, leaky_relu)

# What a file names a network's functions by.
OUTPUTS: dict[str, Output] = {**ACTIVATIONS, **ROW_FUNCTIONS}
TRAINED: dict[str, Loss] = {**LOSSES, cosine_similarity.__name__: cosine_similarity}

# What makes the random numbers of np.random.default_rng.
RANDOM = np.random.PCG64


def without_warnings(method: Callable[P, T]) -> Callable[P, T]:
    """NaN, infinity and numbers that overflow are input, not errors."""

    @functools.wraps(method)
    def silent(*arguments: P.args, **keywords: P.kwargs) -> T:
        with np.errstate(all="ignore"):
            return method(*arguments, **keywords)

    return silent


class InPlace:
    """Its arrays are views of others: what is assigned to one of them is written into it."""

    arrays: ClassVar[tuple[str, ...]]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.arrays and name in vars(self):
            array = vars(self)[name]
            if np.shape(value) != array.shape:
                raise ValueError(f"{name} has shape {array.shape}; what is assigned has {np.shape(value)}")
            array[...] = value
        else:
            super().__setattr__(name, value)


@dataclass
class Dense(InPlace):
    """A layer: ``activation(x @ weight + bias)``.

    Attributes
    ----------
    parameters, gradients : ndarray
        Weights and, in the last row, biases; and the gradients of the loss with respect to them, as the last
        back-propagation left them. Of shape (inputs + 1, units): views of the network's.
    weight, bias, weight_gradient, bias_gradient : ndarray
        The parts of these, of shapes (inputs, units) and (units,).
    activation : Activation or RowFunction
        What makes the layer's output.
    is_last : bool
        Whether no layer takes that output.
    is_fused : bool
        Whether the loss takes the logits in its place.
    """

    arrays = ("parameters", "gradients", "weight", "bias", "weight_gradient", "bias_gradient")

    parameters: Array = field(repr=False)
    gradients: Array = field(repr=False)
    weight: Array = field(init=False)
    bias: Array = field(init=False)
    weight_gradient: Array = field(init=False)
    bias_gradient: Array = field(init=False)
    activation: Output
    is_last: bool
    is_fused: bool

    def __post_init__(self) -> None:
        self.weight, self.bias = self.parameters[:-1], self.parameters[-1]
        self.weight_gradient, self.bias_gradient = self.gradients[:-1], self.gradients[-1]
        # Those beside whom a 1 stands are parts of rows, which np.dot would copy. It starts half a microsecond sooner.
        self.product = np.dot if self.is_last else np.matmul

    def initialize(self, rng: np.random.Generator) -> None:
        """Random weights, spread as the activation wants it: He's for rectifiers, Glorot's for the others.

        He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", ICCV 2015; Glorot and Bengio, "Understanding the
        difficulty of training deep feedforward neural networks", AISTATS 2010.
        """
        inputs, units = self.weight.shape
        if self.activation in RECTIFIERS:
            self.weight[...] = rng.normal(0, np.sqrt(2 / inputs), self.weight.shape)
        else:
            limit = np.sqrt(6 / (inputs + units))
            self.weight[...] = rng.uniform(-limit, limit, self.weight.shape)
        self.bias[...] = 0

    def logits(self, x: Array) -> Array:
        logits: Array = np.dot(x, self.weight)
        return np.add(logits, self.bias, out=logits)

    def reserve(self, batch: int) -> None:
        """Make the buffers of a batch: for logits, outputs and the gradient with respect to either."""
        shape, dtype = (batch, self.bias.size + (not self.is_last)), self.bias.dtype
        output = np.ones(shape, dtype)
        # The activation works in place, unless back-propagation needs what it took.
        logit = output if self.activation.backward.differentiable_from_output else np.ones(shape, dtype)
        self.buffers = logit, output, np.ones(shape, dtype)

    def connect(self, batch: int, x: Array, delta_of_x: Array | None) -> tuple[Array, Array]:
        """Take the part of the buffers that a batch needs, and those below; what those above are to be given."""
        units = self.bias.size
        self.logit, self.output, self.delta = (buffer[:batch] for buffer in self.buffers)
        self.logit_of_units, self.delta_of_units = self.logit[:, :units], self.delta[:, :units]
        self.one = self.output[:, units:]
        self.x, self.x_by_unit, self.delta_of_x = x, x.T, delta_of_x
        return self.output, self.delta

    def forward(self) -> Array:
        """What the layer makes of x: the output, or the logits if the loss takes them."""
        self.product(self.x, self.parameters, out=self.logit_of_units)
        if self.is_fused:
            return self.logit
        self.activation(self.logit, out=self.output)
        self.one[...] = 1
        return self.output

    def backward(self) -> None:
        """The chain rule: from the gradient with respect to what it made to those of the parameters and of x."""
        if not self.is_fused:
            if self.activation.backward.differentiable_from_output:
                self.activation.backward(self.delta, y=self.output, out=self.delta)
            else:
                self.activation.backward(self.delta, self.logit, out=self.delta)
        self.product(self.x_by_unit, self.delta_of_units, out=self.gradients)
        if self.delta_of_x is not None:
            self.product(self.delta_of_units, self.parameters.T, out=self.delta_of_x)


@dataclass
class History:
    """What a training run recorded, one number per epoch.

    Attributes
    ----------
    loss : list of float
        Mean loss over the epoch's batches, while the parameters were moving.
    validation_loss : list of float
        Loss on the validation samples after the epoch; empty without them.
    best_epoch : int
        The epoch, counted from 1, whose parameters the network has.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    best_epoch: int = 0


@dataclass(eq=False)
class Training:
    """A run of training: what the callbacks of ``fit`` are given, and what a run that was stopped goes on with.

    Attributes
    ----------
    network : Network
        What is trained. While ``fit`` runs, its parameters are those of the training, not those for evaluation.
    optimizer : Optimizer
        What trains it.
    history : History
        The losses so far.
    best : ndarray, optional
        The parameters with the lowest validation loss so far, if there are validation samples.

    Examples
    --------
    >>> import os, tempfile, numpy as np, fastnn as nn
    >>> x = np.random.default_rng(0).normal(size=(60, 2))
    >>> file = os.path.join(tempfile.mkdtemp(), "run.npz")
    >>> network = nn.ann.Network([2, 8, 1], nn.recommend("regression"), seed=0)
    >>> save = lambda training: training.save(file) if training.epoch == 3 else None
    >>> whole = network.fit(x, x.prod(1), epochs=5, optimizer=nn.lion(0.01), callbacks=[save], progress=False)

    Another process makes the optimizer with the same settings, and goes on from the file to the same network:

    >>> training = nn.ann.Training.load(file, nn.lion(0.01))
    >>> rest = training.network.fit(x, x.prod(1), epochs=5, resume=training, progress=False)
    >>> rest == whole, np.array_equal(training.network.parameters, network.parameters)
    (True, True)
    """

    network: Network
    optimizer: Optimizer
    history: History = field(default_factory=History)
    best: Array | None = field(default=None, repr=False)

    @property
    def epoch(self) -> int:
        """How many epochs are over."""
        return len(self.history.loss)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run to an ``.npz`` file: the network, the optimizer's state, the losses, and the order of samples.

        It is for callbacks: after ``fit`` has ended, the network may have the parameters of an earlier epoch. A file
        that is there already is replaced when the new one is complete.

        Parameters
        ----------
        path : path-like
            The file.

        Raises
        ------
        ValueError
            If the network has a function of yours, or a random generator other than ``np.random.default_rng`` makes.
        """
        best = {} if self.best is None else {"best": self.best}
        state = {
            "network": {**self.network._stored(), **self.network._stored_randomness()},
            "optimizer": self.optimizer.state_dict(),
            "history": vars(self.history),
        }
        save_arrays(path, {**state, **best})

    @classmethod
    def load(cls, path: str | os.PathLike[str], optimizer: Optimizer) -> Training:
        """Read a run that :meth:`save` wrote.

        Parameters
        ----------
        path : path-like
            The file.
        optimizer : Optimizer
            One with the settings of that which was saved, which are not in the file. It gets its state.

        Returns
        -------
        Training
            What ``fit`` of its network takes as ``resume``, with the samples and the settings of the run.

        Raises
        ------
        OSError, ValueError
            If there is no such file, or it is not one of a run with this kind of optimizer. Nothing in it is ever
            executed: it holds no pickled objects.
        """
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer is {optimizer!r}; accepted is an optimizer, such as fastnn.adam()")
        with open(path, "rb") as file:
            try:
                state = load_arrays(file)
                network = Network._restored(state["network"])
                network._restore_randomness(state["network"])
                losses = {name: state["history"][name].tolist() for name in ("loss", "validation_loss")}
                history = History(**losses, best_epoch=whole_number("best_epoch", state["history"]["best_epoch"]))
                best = np.array(state["best"], network.dtype) if "best" in state else None
                if best is not None and best.shape != network.parameters.shape:
                    raise ValueError(f"{best.shape} is not the shape of the best parameters")
                optimizer.load_state_dict(state["optimizer"])
            except Exception as error:
                raise ValueError(f"{os.fsdecode(path)} is not a run of this kind of optimizer: {error}") from error
        return cls(network, optimizer, history, best)


Callback = Callable[[Training], object]
"""What is called after each epoch; if it returns True, training stops."""


class Network(InPlace):
    """A feed-forward network of dense layers.

    Parameters
    ----------
    sizes : sequence of int
        Number of inputs, of units in each hidden layer, and of outputs.
    design : Design
        Its activations and its loss, for example ``fastnn.recommend("multiclass")``.
    dtype : dtype, default float32
        Float32 or float64.
    seed : int, optional
        Seed of the initial weights, of the samples that are held out and of the order of the others. The same seed
        gives the same network.

    Attributes
    ----------
    layers : list of Dense
        The layers, first to last.
    parameters, gradients : ndarray
        All weights and biases, and their gradients, as one vector each. The layers' arrays are views of them: what is
        assigned to either is written into it. A copy of a network, or what pickle makes of it, has its own.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the loss takes logits and the output layer gives probabilities.

    Notes
    -----
    A softmax output with ``categorical_cross_entropy`` and a log-softmax output with ``nll`` are trained as
    ``cross_entropy`` of the logits, and a sigmoid output with ``binary_cross_entropy`` as
    ``binary_cross_entropy_with_logits``. They are the same loss, computed without losing digits; targets of
    ``categorical_cross_entropy`` may then be labels, too.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> network = nn.ann.Network([2, 8, 1], nn.recommend("binary"), seed=0)
    >>> history = network.fit(x, np.array([0, 1, 1, 0]), epochs=300, optimizer=nn.adam(0.05), progress=False)
    >>> network.predict(x).round().ravel()
    array([0., 1., 1., 0.], dtype=float32)
    """

    arrays = ("parameters", "gradients")

    def __init__(
        self,
        sizes: Sequence[SupportsIndex],
        design: Design,
        *,
        dtype: npt.DTypeLike = np.float32,
        seed: int | None = None,
    ) -> None:
        if not isinstance(design, Design):
            raise TypeError(f"design is {design!r}; accepted is a fastnn.ann.Design")
        if not isinstance(sizes, Iterable):
            raise TypeError(f"sizes is {sizes!r}; accepted is a sequence of whole numbers")
        self.sizes = tuple(whole_number("sizes", size) for size in sizes)
        self.design = design
        self.dtype = made(np.dtype, "dtype", dtype)
        self.rng = made(np.random.default_rng, "seed", seed)
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise ValueError(
                f"sizes is {list(sizes)}; accepted are at least two positive numbers: inputs, ..., outputs"
            )
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise TypeError(f"dtype is {self.dtype}; accepted are float32 and float64")
        self._check_design()
        self.loss = FUSED.get((design.output, design.loss), design.loss)
        self.parameters = np.empty(parameter_count(self.sizes), self.dtype)
        self.gradients = np.zeros_like(self.parameters)
        self._make_layers()
        for layer in self.layers:
            layer.initialize(self.rng)
        # Every fit holds out the same samples, so that none is trained on before or after it serves for validation.
        self.split_seed = int(self.rng.integers(2**63))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("layers", "samples", "x")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Layers are made anew, of arrays that are this network's alone."""
        own = {name: copy.deepcopy(state[name]) for name in (*self.arrays, "rng")}
        vars(self).update({**state, **own})
        self._make_layers()

    def _activations(self) -> list[Output]:
        """Those of all layers."""
        hidden = self.design.hidden
        each = [*hidden] if isinstance(hidden, Sequence) else [hidden] * (len(self.sizes) - 2)
        return [*each, self.design.output]

    def _check_design(self) -> None:
        output, loss = self.design.output, self.design.loss
        *hidden, _ = self._activations()
        for function in hidden:
            if not isinstance(function, Activation):
                raise TypeError(f"the design's hidden activation is {function!r}; accepted are those of ACTIVATIONS")
        if not isinstance(output, Activation | RowFunction):
            raise TypeError(f"the design's output is {output!r}; accepted are ACTIVATIONS and ROW_FUNCTIONS")
        if not isinstance(loss, Loss):
            raise TypeError(f"the design's loss is {loss!r}; accepted are those of LOSSES")
        if not (isinstance(self.design.optimizer, type) and issubclass(self.design.optimizer, Optimizer)):
            raise TypeError(f"the design's optimizer is {self.design.optimizer!r}; accepted are those of OPTIMIZERS")
        self.design.optimizer(self.design.learning_rate)  # says what is wrong with the rate
        if len(hidden) != len(self.sizes) - 2:
            raise ValueError(f"there are {len(hidden)} hidden activations for {len(self.sizes) - 2} hidden layers")
        for (of, separate), joint in FUSED.items():
            if output is of and loss is joint:
                raise ValueError(
                    f"{joint.__name__} takes logits, not the output of {of.__name__}; with that output take "
                    f"{separate.__name__}, or a linear output"
                )

    def _make_layers(self) -> None:
        self.layers: list[Dense] = []
        start = 0
        for inputs, units, activation in zip(self.sizes[:-1], self.sizes[1:], self._activations(), strict=True):
            stop = start + (inputs + 1) * units
            parameters, gradients = (
                vector[start:stop].reshape(inputs + 1, units) for vector in (self.parameters, self.gradients)
            )
            is_last = stop == self.parameters.size
            self.layers.append(Dense(parameters, gradients, activation, is_last, is_last and self.is_fused))
            start = stop
        self._reserve(0)

    def _reserve(self, batch: int) -> None:
        """Make the buffers of the largest batch to come."""
        self.samples = np.ones((batch, self.sizes[0] + 1), self.dtype)
        for layer in self.layers:
            layer.reserve(batch)
        self._connect(batch)

    def _connect(self, batch: int) -> None:
        """Let each layer take what that below puts out, of a batch that may be smaller."""
        output, delta = self.samples[:batch], None
        self.x = output[:, :-1]
        for layer in self.layers:
            output, delta = layer.connect(batch, output, delta)

    @property
    def named_parameters(self) -> dict[str, Array]:
        """Weights and biases by the names "0.weight", "0.bias", "1.weight" and so on: what optimizers are given."""
        return self._by_name("weight", "bias")

    @property
    def named_gradients(self) -> dict[str, Array]:
        """Their gradients by the same names."""
        gradients = self._by_name("weight_gradient", "bias_gradient")
        return {name.removesuffix("_gradient"): gradient for name, gradient in gradients.items()}

    def _by_name(self, *names: str) -> dict[str, Array]:
        return {f"{index}.{name}": vars(layer)[name] for index, layer in enumerate(self.layers) for name in names}

    @property
    def is_fused(self) -> bool:
        """Whether the loss takes the last layer's logits in place of its output."""
        return self.loss is not self.design.loss

    @without_warnings
    def predict(self, x: ArrayLike) -> Array:
        """The outputs of the network.

        Parameters
        ----------
        x : array_like
            Samples, of shape (samples, inputs).

        Returns
        -------
        ndarray
            Of shape (samples, outputs).
        """
        outputs = self._samples(x)
        for layer in self.layers:
            logits = layer.logits(outputs)
            outputs = layer.activation(logits, out=logits)
        return outputs

    @without_warnings
    def evaluate(self, x: ArrayLike, target: ArrayLike) -> float:
        """The mean loss over some samples."""
        outputs, targets = self._pairs(x, target)
        for layer in self.layers:
            outputs = layer.logits(outputs)
            if not layer.is_fused:
                layer.activation(outputs, out=outputs)
        return float(self.loss(outputs, targets))

    @without_warnings
    def back_propagate(self, x: ArrayLike, target: ArrayLike) -> float:
        """Compute the mean loss over some samples, and its gradients, which go to ``gradients``."""
        samples, targets = self._pairs(x, target)
        if len(self.samples) != len(samples):
            self._reserve(len(samples))
        return self._back_propagate(samples, targets)

    def _back_propagate(self, x: Array, target: Array) -> float:
        if len(self.x) != len(x):
            self._connect(len(x))
        self.x[...] = x
        for layer in self.layers:
            prediction = layer.forward()
        loss, _ = self.loss.value_and_gradient(prediction, target, out=self.layers[-1].delta)
        for layer in reversed(self.layers):
            layer.backward()
        return float(loss)

    @without_warnings
    def fit(
        self,
        x: ArrayLike,
        target: ArrayLike,
        *,
        epochs: int = 100,
        batch_size: int = 50,
        optimizer: Optimizer | None = None,
        validation_split: float = 0.0,
        patience: int = 10,
        callbacks: Iterable[Callback] = (),
        resume: Training | None = None,
        progress: bool = True,
    ) -> History:
        """Train the network on mini-batches, in place.

        Parameters
        ----------
        x : array_like
            Samples, of shape (samples, inputs).
        target : array_like
            What the loss takes: of shape (samples, outputs), or (samples,) for labels and for one output.
        epochs : int, default 100
            How often to go through the samples, each time in a new random order.
        batch_size : int, default 50
            Samples per update.
        optimizer : Optimizer, optional
            By default that of the design. It is given weights and biases by their names, "0.weight", "0.bias" and so
            on, and weights of shape (inputs, units).
        validation_split : float, default 0.0
            Fraction of the samples, taken at random but the same in each fit, that are not trained on. With them,
            training stops early when their loss has not fallen for ``patience`` epochs, and the best parameters are put
            back.
        patience : int, default 10
            Epochs to wait for a lower validation loss.
        callbacks : iterable of callables, optional
            They are called after each epoch with a :class:`Training`: the network, the optimizer, the history and how
            many epochs are over. If one of them returns True, training stops.
        resume : Training, optional
            The run to go on with, up to ``epochs`` epochs in all. It has the optimizer.
        progress : bool, default True
            Whether to show a progress bar with the loss, if tqdm is installed.

        Returns
        -------
        History
            The losses of every epoch.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as described. Nothing is changed then.

        Notes
        -----
        With an optimizer that averages weights, the network is validated, and at the end left, with their average;
        steps go on from the weights themselves, in a later fit, too. A learning rate that watches, such as
        ``fastnn.schedules.reduce_on_plateau``, is told the loss after each epoch: that of validation if there is one.
        """
        epochs, batch_size, patience = (
            whole_number(name, value)
            for name, value in (("epochs", epochs), ("batch_size", batch_size), ("patience", patience))
        )
        if epochs < 1 or batch_size < 1 or patience < 1:
            raise ValueError(f"{epochs=}, {batch_size=}, {patience=}; accepted are positive numbers")
        validation_split = checked_number("validation_split", validation_split)
        if not 0 <= validation_split < 1:
            raise ValueError(f"validation_split is {validation_split}; it must be at least 0 and below 1")
        callbacks = checked_callbacks(callbacks)
        training = self._training(optimizer, resume)
        samples, targets = self._pairs(x, target)
        order = np.arange(len(samples))
        if self.loss.takes_labels and targets.ndim == 1:  # a batch of nothing but labels to ignore has no mean
            order = order[targets != self.loss.options["ignore_index"]]
        if validation_split:
            order = np.random.default_rng(self.split_seed).permutation(order)
        held_out, order = np.split(order, [round(validation_split * len(order))])
        if not len(order):
            raise ValueError(
                f"no samples to train on: x has {len(samples)}, of which {len(held_out)} are for validation"
            )
        validation = (samples[held_out], targets[held_out]) if len(held_out) else None
        # What is wrong with a target, the loss says now, before a parameter has changed: any loss takes 1/2.
        self.loss(np.broadcast_to(np.array(0.5, self.dtype), (len(samples), self.sizes[-1])), targets, reduction="sum")

        optimizer, history, parameters = training.optimizer, training.history, self.named_parameters
        if optimizer.trained is not None:
            optimizer.train(parameters)
        if validation and training.best is None:
            training.best = self.parameters.copy()
        batches = Batches(samples, targets, order, min(batch_size, len(order)))
        self._reserve(batches.size)
        with progress_bar(epochs, training.epoch, enabled=progress) as bar:
            for epoch in range(training.epoch + 1, epochs + 1):
                if validation and training.epoch - history.best_epoch >= patience:
                    break
                history.loss.append(self._train_epoch(batches, optimizer))
                if validation:
                    with evaluation_weights(optimizer, parameters):
                        loss = self.evaluate(*validation)
                        if loss < min(history.validation_loss, default=np.inf):
                            history.best_epoch, training.best = epoch, self.parameters.copy()
                    history.validation_loss.append(loss)
                else:
                    history.best_epoch = epoch
                optimizer.observe((history.validation_loss or history.loss)[-1])
                bar.set_postfix(loss=f"{history.loss[-1]:.4f}", refresh=False)
                bar.update()
                answers = [callback(training) for callback in callbacks]
                if any(isinstance(answer, bool | np.bool_) and answer for answer in answers):
                    break
        if optimizer.has_average:
            optimizer.evaluate(parameters)
        if validation and history.best_epoch:
            self.parameters[...] = training.best
        return history

    def _training(self, optimizer: Any, resume: Any) -> Training:
        """The run that goes on, or a new one."""
        if not isinstance(optimizer, Optimizer | None):
            raise TypeError(f"optimizer is {optimizer!r}; accepted is an optimizer, such as fastnn.adam()")
        if resume is None:
            return Training(self, optimizer or self.design.optimizer(self.design.learning_rate))
        if not isinstance(resume, Training):
            raise TypeError(f"resume is {resume!r}; accepted is a run that fastnn.ann.Training.load gave")
        if resume.network is not self or optimizer not in (None, resume.optimizer):
            raise ValueError("the run to resume is that of another network or optimizer")
        return resume

    def _train_epoch(self, batches: Batches, optimizer: Optimizer) -> float:
        # By name, since groups ask for names and axes, and some updates are of matrices or have norms of layers. It
        # takes a microsecond more than the two arrays that all layers share.
        parameters, gradients = self.named_parameters, self.named_gradients
        batches.shuffle(self.rng)
        total = 0.0
        for x, target in batches:
            total += self._back_propagate(x, target) * len(x)
            optimizer.step(parameters, gradients)
        return total / len(batches.order)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to an ``.npz`` file: its sizes, the names of its functions, and its parameters.

        A file that is there already is replaced when the new one is complete; until then it is what it was.

        Raises
        ------
        ValueError
            If the network has a function of yours, which :meth:`load` could not find by its name.
        """
        stored = self._stored()
        with replacing(path) as file:
            np.savez(file, **stored)

    def _stored(self) -> dict[str, Any]:
        """What a file holds of the network."""
        activations, loss = self._activations(), self.design.loss
        known: Mapping[str, Any] = {**OUTPUTS, **TRAINED}
        for function in (*activations, loss):
            if known.get(function.__name__) is not function:
                raise ValueError(f"{function!r} is none of fastnn's functions, so that no file can name it")
        *hidden, output = (activation.__name__ for activation in activations)
        return {
            "sizes": np.array(self.sizes),
            "hidden": np.array(hidden, dtype=np.str_),
            "output": np.array(output),
            "loss": np.array(loss.__name__),
            "parameters": self.parameters,
        }

    def _stored_randomness(self) -> dict[str, Any]:
        """What a file holds of the order of samples to come."""
        state = self.rng.bit_generator.state
        if state["bit_generator"] != RANDOM.__name__:
            raise ValueError(f"the network's generator is {state['bit_generator']}; a file can hold {RANDOM.__name__}")
        return {"split_seed": self.split_seed, "rng": json.dumps(state)}

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Network:
        """Read a network that :meth:`save` wrote.

        Raises
        ------
        ValueError
            If the file is not one of a network. Nothing in it is ever executed: it holds no pickled objects. Nor does
            reading it take more memory than a network of its size.
        """
        with open(path, "rb") as file:
            try:
                network = cls._restored(checked_arrays(stored_arrays(file)))
            except Exception as error:
                raise ValueError(f"{os.fsdecode(path)} is not a network that fastnn saved: {error}") from error
        return network

    @classmethod
    def _restored(cls, stored: Mapping[str, Any]) -> Network:
        """The network of what a file holds."""
        sizes, hidden, output, loss, parameters = (stored[name] for name in STORED)
        if parameter_count(sizes.tolist()) != parameters.size:
            raise ValueError(f"{parameters.size} parameters are not those of the sizes {sizes}")
        design = Design([ACTIVATIONS[name] for name in hidden.tolist()], OUTPUTS[str(output)], TRAINED[str(loss)])
        network = cls(sizes.tolist(), design, dtype=parameters.dtype.newbyteorder("="))
        network.parameters = parameters
        return network

    def _restore_randomness(self, stored: Mapping[str, Any]) -> None:
        self.split_seed, generator = whole_number("split_seed", stored["split_seed"]), RANDOM()
        generator.state = json.loads(stored["rng"])
        self.rng = np.random.Generator(generator)

    def _pairs(self, x: ArrayLike, target: ArrayLike) -> tuple[Array, Array]:
        samples, targets = self._samples(x), self._targets(target)
        if len(samples) != len(targets):
            raise ValueError(f"x has {len(samples)} samples, target has {len(targets)}")
        return samples, targets

    def _samples(self, x: ArrayLike) -> Array:
        samples = float_array("x", x)
        if samples.ndim != 2 or samples.shape[1] != self.sizes[0]:
            raise ValueError(f"x has shape {samples.shape}; the network takes (samples, {self.sizes[0]})")
        return np.ascontiguousarray(samples, dtype=self.dtype)

    def _targets(self, target: ArrayLike) -> Array:
        targets = float_array("target", target)
        if targets.ndim == 1 and self.loss.takes_labels:
            return targets
        if targets.ndim == 1 and self.sizes[-1] == 1:
            targets = targets[:, np.newaxis]
        if targets.ndim != 2 or targets.shape[1] != self.sizes[-1]:
            raise ValueError(f"target has shape {targets.shape}; the network gives (samples, {self.sizes[-1]})")
        return np.ascontiguousarray(targets, dtype=self.dtype)


def made(make: Callable[[Any], T], name: str, value: Any) -> T:
    try:
        return make(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} is {value!r}: {error}") from None


def whole_number(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}") from None


def parameter_count(sizes: Sequence[int]) -> int:
    return sum((inputs + 1) * units for inputs, units in itertools.pairwise(sizes))


# What a file holds: the arrays' kinds and numbers of axes.
STORED = {"sizes": ("i", 1), "hidden": ("U", 1), "output": ("U", 0), "loss": ("U", 0), "parameters": ("f", 1)}


def checked_arrays(stored: dict[str, Array]) -> dict[str, Array]:
    """The arrays of a file, if they are what :meth:`Network.save` writes."""
    if stored.keys() != STORED.keys():
        raise ValueError(f"it does not hold {', '.join(STORED)} and nothing else")
    for name, (kind, ndim) in STORED.items():
        dtype, shape = stored[name].dtype, stored[name].shape
        if dtype.kind != kind or len(shape) != ndim:
            raise ValueError(f"{name} is of type {dtype} and shape {shape}")
    return stored


class Batches:
    """Samples in random order, a batch at a time, in buffers that every batch uses again."""

    def __init__(self, samples: Array, targets: Array, order: Array, size: int) -> None:
        self.samples, self.targets, self.size = samples, targets, size
        self.first_order, self.order = order, order.copy()
        self.x = np.empty((size, *samples.shape[1:]), samples.dtype)
        self.target = np.empty((size, *targets.shape[1:]), targets.dtype)

    def shuffle(self, rng: np.random.Generator) -> None:
        """A new order, which follows from the generator alone."""
        self.order[...] = self.first_order
        rng.shuffle(self.order)

    def __iter__(self) -> Any:
        for start in range(0, len(self.order), self.size):
            indices = self.order[start : start + self.size]
            n = len(indices)
            # mode="clip" lets NumPy write into the buffer directly; the indices are all valid.
            x = np.take(self.samples, indices, axis=0, out=self.x[:n], mode="clip")
            yield x, np.take(self.targets, indices, axis=0, out=self.target[:n], mode="clip")


@contextmanager
def evaluation_weights(optimizer: Optimizer, parameters: Mapping[str, Array]) -> Iterator[None]:
    """For a while the parameters are the optimizer's average of them, if it has one."""
    if not optimizer.has_average:
        yield
        return
    optimizer.evaluate(parameters)
    try:
        yield
    finally:
        optimizer.train(parameters)


def checked_callbacks(callbacks: Any) -> tuple[Callback, ...]:
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks is {callbacks!r}; accepted is a sequence of callables")
    checked: tuple[Callback, ...] = tuple(callbacks)
    for index, callback in enumerate(checked):
        if not callable(callback):
            raise TypeError(f"callbacks[{index}] is {callback!r}; accepted is a callable")
    return checked


class NoProgress:
    """A progress bar that shows nothing."""

    def __enter__(self) -> NoProgress:
        return self

    def __exit__(self, *exception: object) -> None: ...

    def set_postfix(self, **values: object) -> None: ...

    def update(self) -> None: ...


def progress_bar(epochs: int, done: int, *, enabled: bool) -> Any:
    if enabled:
        try:
            from tqdm import tqdm
        except ImportError:
            pass
        else:
            return tqdm(total=epochs, initial=done, unit="epoch")
    return NoProgress()
