from fastnn._arrays import Array

def sgd(parameters: list[Array], gradients: list[Array], learning_rate: float, weight_decay: float) -> bool: ...
def sgd_with_momentum(
    parameters: list[Array],
    gradients: list[Array],
    velocities: list[Array],
    learning_rate: float,
    weight_decay: float,
    momentum: float,
    nesterov: bool,
) -> bool: ...
def adam(
    parameters: list[Array],
    gradients: list[Array],
    means: list[Array],
    squares: list[Array],
    step_size: float,
    beta1: float,
    beta2: float,
    root_scale: float,
    epsilon: float,
    weight_decay: float,
) -> bool: ...
