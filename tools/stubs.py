"""Write the stubs of the package and of its families: what type checkers and editors see of the catalogue.

A function of the catalogue is an object, and its signature is composed; here it becomes a class with that signature.

    python tools/stubs.py
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import fastnn as nn
from fastnn._core.declaration import Declared

PACKAGE = Path(nn.__file__).parent
FAMILIES = {
    nn.activations: ("Activation", "ALIASES"),
    nn.rows: ("LogSum", "RowFunction"),
    nn.layers: (),
    nn.losses: ("Loss",),
}
"""The packages of the catalogue, and what they hold beside functions and tables."""

HEADER = '''"""Made by tools/stubs.py from the catalogue."""

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
'''
KINDS = {"fastnn._core.row_function.Backward": "RowBackward"}
"""Names of classes that the header gives, where they are not the classes' own."""


def family_stub(family: ModuleType) -> Iterator[str]:
    yield HEADER
    tables = [name for name in family.__all__ if isinstance(getattr(family, name), dict)]
    functions = [name for name in family.__all__ if isinstance(getattr(family, name), Declared)]
    for name in functions:
        yield from function_stub(name, getattr(family, name))
    for name in [*tables, *(other for other in FAMILIES[family] if isinstance(getattr(family, other), dict))]:
        yield f"{name}: dict[str, {table_type(getattr(family, name))}]"
    for name in family.__all__:
        value = getattr(family, name)
        if inspect.isfunction(value):
            yield f"def {name}{value.__signature__ if hasattr(value, '__signature__') else unquoted(value)}: ..."


def table_type(table: dict[str, Any]) -> str:
    """The nearest class that all functions of a table have in common."""
    first, *others = (type(value).__mro__ for value in table.values())
    return next(kind.__name__ for kind in first if all(kind in other for other in others))


def unquoted(function: Any) -> str:
    return re.sub(r"<class '(numpy)\.(\w+)'>", r"np.\2", str(inspect.signature(function))).replace("'", "")


def function_stub(name: str, function: Declared) -> Iterator[str]:
    parts = {part: value for part, value in vars(function).items() if isinstance(value, Declared) and public(part)}
    yield f"class _{name}({kind_of(function)}):"
    yield f'    """{(function.__doc__ or "").partition(chr(10))[0]}"""'.replace("\\", "\\\\")
    written: dict[str, str] = {}
    for part, value in parts.items():
        text = "\n".join((f"({kind_of(value)}):", *(f"        {line}" for line in call_stubs(value))))
        if text not in written:
            written[text] = f"_{part}"
            yield f"    class _{part}{text}"
        yield f"    {part}: {written[text]}"
    yield from (f"    {line}" for line in call_stubs(function))
    yield f"{name}: _{name}"


def public(part: str) -> bool:
    return part[0] != "_" and part not in ("forward", "loss", "from_output", "broadcast")


def kind_of(function: Declared) -> str:
    kind = type(function)
    return KINDS.get(f"{kind.__module__}.{kind.__qualname__}", kind.__qualname__)


def call_stubs(function: Declared) -> Iterator[str]:
    """``__call__`` with the function's signature: several, where its results depend on the kind of its arguments."""
    signature = function.__signature__
    result = str(signature.return_annotation)
    if "reduction" in signature.parameters and "Number | Array" in result:
        for reduction, value in (('Literal["mean", "sum"]', "Number"), ('Literal["none"]', "Array"), ("str", None)):
            parameters = dict(signature.parameters)
            default = "mean" if value == "Number" else inspect.Parameter.empty
            parameters["reduction"] = parameters["reduction"].replace(annotation=reduction, default=default)
            changed = signature.replace(parameters=list(parameters.values()))
            yield "@overload"
            yield call_stub(changed, result if value is None else result.replace("Number | Array", value))
    else:
        yield call_stub(signature, result)


def call_stub(signature: inspect.Signature, result: str) -> str:
    texts, kinds = ["self"], [p.kind for p in signature.parameters.values()]
    for index, parameter in enumerate(signature.parameters.values()):
        if parameter.kind is parameter.KEYWORD_ONLY and kinds.index(parameter.kind) == index:
            texts.append("*")
        if parameter.kind is parameter.VAR_KEYWORD:
            texts.append(f"**{parameter.name}: {parameter.annotation}")
            continue
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        texts.append(f"{parameter.name}: {parameter.annotation}{default}")
        if parameter.kind is parameter.POSITIONAL_ONLY and parameter.kind not in kinds[index + 1 :]:
            texts.append("/")
    return f"def __call__({', '.join(texts)}) -> {result}: ..."


OPTIMIZERS_HEADER = '''"""Made by tools/stubs.py from the catalogue."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastnn._core.arrays import Array
from fastnn._core.optimizers.averages import Average as Average, ema as ema, lookahead as lookahead, swa as swa
from fastnn._core.optimizers.clipping import (
    clip_by_global_norm as clip_by_global_norm,
    clip_by_value as clip_by_value,
    global_norm as global_norm,
)
from fastnn._core.optimizers.groups import GroupSettings, is_vector as is_vector
from fastnn._core.optimizers.optimizer import Optimizer as Optimizer
from fastnn._core.optimizers.settings import Schedule
from fastnn.optimizers import schedules as schedules
from fastnn.optimizers.matrices import is_no_matrix as is_no_matrix

OPTIMIZERS: dict[str, type[Optimizer]]
AVERAGES: dict[str, type[Average]]
'''


def optimizers_stub() -> Iterator[str]:
    """Optimizers are classes with settings, and a ``step`` of their own where they take more than gradients."""
    yield OPTIMIZERS_HEADER
    for name, kind in nn.OPTIMIZERS.items():
        yield f"class {name}(Optimizer):"
        yield f'    """{(kind.__doc__ or "").partition(chr(10))[0]}"""'
        parameters = inspect.signature(kind).parameters.values()
        yield from (
            f"    {name}: {annotation}"
            for name, annotation in inspect.get_annotations(kind).items()
            if name in kind.settings
        )
        keywords = ", ".join(setting_stub(p) for p in parameters if p.kind is p.KEYWORD_ONLY)
        positional = ", ".join(setting_stub(p) for p in parameters if p.kind is not p.KEYWORD_ONLY)
        yield f"    def __init__(self, {positional}, *, {keywords}) -> None: ..."
        if "step" in vars(kind):
            yield f"    def step{unquoted(kind.step)}: ..."


def setting_stub(parameter: inspect.Parameter) -> str:
    default = repr(parameter.default) if isinstance(parameter.default, (bool, int, float, str, type(None))) else "..."
    return f"{parameter.name}: {parameter.annotation} = {default}"


def package_stub() -> Iterator[str]:
    yield HEADER.partition("\n")[0]
    yield ""
    public = vars(nn)["__all__"]
    modules = [name for name in public if isinstance(getattr(nn, name), ModuleType) and name != "schedules"]
    modules += ["activations", "kernels", "rows"]
    yield f"from fastnn import {', '.join(f'{name} as {name}' for name in modules)}"
    for family in (*FAMILIES, nn.optimizers):
        names = [name for name in vars(family)["__all__"] if name in public]
        yield f"from {family.__name__} import {', '.join(f'{name} as {name}' for name in names)}"
    yield "from fastnn._config import show_config as show_config"
    yield "from fastnn.guide import recommend as recommend"
    yield "from fastnn.optimizers import schedules as schedules"
    functions = ("get_num_threads", "num_threads", "set_num_threads")
    yield f"from fastnn.threads import {', '.join(f'{name} as {name}' for name in functions)}"
    yield ""
    yield "__version__: str"


def stubs() -> dict[Path, str]:
    """The text of every stub."""
    texts = {PACKAGE / "__init__.pyi": package_stub()}
    texts |= {PACKAGE / family.__name__.rpartition(".")[2] / "__init__.pyi": family_stub(family) for family in FAMILIES}
    texts[PACKAGE / "optimizers" / "__init__.pyi"] = optimizers_stub()
    return {path: "\n".join(lines) + "\n" for path, lines in texts.items()}


if __name__ == "__main__":
    for path, text in stubs().items():
        path.write_text(text)
