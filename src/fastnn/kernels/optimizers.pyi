from fastnn._core.arrays import Array

def sgd(
    parameters: tuple[Array, ...], gradients: tuple[Array, ...], learning_rate: float, weight_decay: float
) -> bool: ...
def sgd_with_momentum(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    velocities: tuple[Array, ...],
    learning_rate: float,
    weight_decay: float,
    momentum: float,
    nesterov: bool,
) -> bool: ...
def adam(
    parameters: tuple[Array, ...],
    gradients: tuple[Array, ...],
    means: tuple[Array, ...],
    squares: tuple[Array, ...],
    step_size: float,
    beta1: float,
    beta2: float,
    root_scale: float,
    epsilon: float,
    weight_decay: float,
) -> bool: ...
