"""Losses of preferences, on log-probabilities of whole answers."""

from __future__ import annotations

from fastnn._core.arrays import ArrayLike
from fastnn._core.facts import Domain
from fastnn._core.losses.joint import joint_loss, pair_of_answers, pair_of_probable_answers, pair_with_references
from fastnn._core.losses.loss import elementwise_loss
from fastnn._core.parameters import FINITE, NOT_NEGATIVE, POSITIVE, SHARE


@joint_loss(
    pair_with_references("dpo", lambda beta, label_smoothing: (beta, label_smoothing)),
    beta=POSITIVE,
    label_smoothing=SHARE,
)
def dpo(
    chosen: ArrayLike,
    rejected: ArrayLike,
    reference_chosen: ArrayLike,
    reference_rejected: ArrayLike,
    *,
    beta: float = 0.1,
    label_smoothing: float = 0.0,
) -> None:
    r"""Direct preference optimization: the chosen answer is to gain more on the reference than the rejected one.

    .. math:: \ell = -(1 - \varepsilon) \log \sigma(z) - \varepsilon \log \sigma(-z), \qquad
        z = \beta \bigl((x_c - r_c) - (x_r - r_r)\bigr)

    Parameters
    ----------
    chosen, rejected : array_like
        Log-probabilities x of the chosen and the rejected answers under the policy, both of the same shape: sums over
        their tokens, for example of :func:`selective_log_softmax`.
    reference_chosen, reference_rejected : array_like
        The same, r, under the reference model. They have no gradient.
    beta : float, default 0.1
        How closely the policy is held to the reference.
    label_smoothing : float, default 0.0
        The probability epsilon, between 0 and 1, that a preference is the wrong way round; below 0.5 makes sense.

    Notes
    -----
    From R. Rafailov et al., "Direct Preference Optimization: Your Language Model is Secretly a Reward Model", NeurIPS
    2023; with smoothing the conservative form of E. Mitchell, "A note on DPO with noisy preferences & relationship to
    IPO", 2023, as TRL's ``loss_type="sigmoid"``. The differences are taken in float64.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> value, (of_chosen, of_rejected) = nn.dpo.value_and_gradient(
    ...     np.array([-10.0, -30.0]), np.array([-12.0, -20.0]), np.array([-11.0, -29.0]), np.array([-11.0, -21.0])
    ... )
    >>> value.round(4), of_chosen.round(4)
    (np.float64(0.6981), array([-0.0225, -0.0275]))
    """


@joint_loss(pair_with_references("ipo", lambda beta: (0.5 / beta,)), beta=POSITIVE)
def ipo(
    chosen: ArrayLike,
    rejected: ArrayLike,
    reference_chosen: ArrayLike,
    reference_rejected: ArrayLike,
    *,
    beta: float = 0.1,
) -> None:
    r"""Identity preference optimization: the chosen answer is to gain a margin on the rejected one, and no more.

    .. math:: \ell = \Bigl((x_c - r_c) - (x_r - r_r) - \frac{1}{2 \beta}\Bigr)^2

    Parameters
    ----------
    chosen, rejected : array_like
        Log-probabilities x of the chosen and the rejected answers under the policy, both of the same shape. TRL takes
        means over their tokens here, the paper sums.
    reference_chosen, reference_rejected : array_like
        The same, r, under the reference model. They have no gradient.
    beta : float, default 0.1
        The paper's tau; the margin is 1 / (2 beta).

    Notes
    -----
    From M. G. Azar et al., "A General Theoretical Paradigm to Understand Learning from Human Preferences", AISTATS
    2024; as TRL's ``loss_type="ipo"``.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.ipo(np.array([-1.0]), np.array([-3.0]), np.array([-2.0]), np.array([-2.0]), beta=0.5)
    np.float64(1.0)
    """


@joint_loss(pair_of_answers("simpo", lambda beta, gamma: (beta, 0.0, gamma)), beta=POSITIVE, gamma=FINITE)
def simpo(chosen: ArrayLike, rejected: ArrayLike, *, beta: float = 2.0, gamma: float = 1.0) -> None:
    r"""Simple preference optimization: a margin between the mean log-probabilities, without a reference.

    .. math:: \ell = -\log \sigma\bigl(\beta (x_c - x_r) - \gamma\bigr)

    Parameters
    ----------
    chosen, rejected : array_like
        Log-probabilities x of the chosen and the rejected answers, both of the same shape: means over their tokens.
    beta : float, default 2.0
        Scale of the difference.
    gamma : float, default 1.0
        The margin that beta times the difference is to reach.

    Notes
    -----
    From Y. Meng, M. Xia and D. Chen, "SimPO: Simple Preference Optimization with a Reference-Free Reward", NeurIPS
    2024, whose formula this is, with the paper's beta of 2 to 2.5 and margins of 0.3 to 1.6. TRL's ``simpo_gamma`` is
    gamma, too.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.simpo(np.array([-1.0, -2.0]), np.array([-1.5, -1.0]), reduction="none").round(4)
    array([0.6931, 3.0486])
    """


@joint_loss(pair_of_probable_answers("orpo", lambda beta: (beta,)), beta=NOT_NEGATIVE)
def orpo(chosen: ArrayLike, rejected: ArrayLike, *, beta: float = 0.1) -> None:
    r"""Odds-ratio preference optimization: the odds of the chosen answer against those of the rejected one.

    .. math:: \ell = -\beta \log \sigma\Bigl(\log \frac{p_c}{1 - p_c} - \log \frac{p_r}{1 - p_r}\Bigr), \qquad p = e^x

    Parameters
    ----------
    chosen, rejected : array_like
        Log-probabilities x of the chosen and the rejected answers, both of the same shape: means over their tokens. One
        above 0 is a ValueError.
    beta : float, default 0.1
        Weight of the term, the paper's lambda.

    Notes
    -----
    From J. Hong, N. Lee and J. Thorne, "ORPO: Monolithic Preference Optimization without Reference Model", EMNLP 2024.
    That adds the negative log-likelihood of the chosen answers, :func:`cross_entropy`. Log-probabilities near 0 keep
    their digits: 1 - p is had without cancellation. Where both are 0 the result is NaN.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> nn.orpo(np.log([0.5, 0.9]), np.log([0.5, 0.1]), beta=1, reduction="none").round(4)
    array([0.6931, 0.0123])
    >>> of_chosen, of_rejected = nn.orpo.gradient(np.array([-1e-20]), np.array([-1.0]))
    >>> of_chosen.round(4)
    array([-0.0582])
    """


@elementwise_loss(
    varying="reference",
    reference=FINITE,
    kl=FINITE,
    beta=POSITIVE,
    desirable_weight=NOT_NEGATIVE,
    undesirable_weight=NOT_NEGATIVE,
    target=Domain.MARKS,
)
def kto(
    *,
    reference: float | ArrayLike = 0.0,
    kl: float = 0.0,
    beta: float = 0.1,
    desirable_weight: float = 1.0,
    undesirable_weight: float = 1.0,
) -> None:
    r"""Kahneman-Tversky optimization: answers that are each desirable or not, without pairs.

    .. math:: \ell(x, t) = t\, w_D \sigma(-z) + (1 - t)\, w_U \sigma(z), \qquad z = \beta (x - r - k)

    Parameters
    ----------
    prediction : array_like
        Log-probabilities x of the answers under the policy: sums over their tokens.
    target : array_like
        1 for a desirable answer, 0 for an undesirable one.
    reference : float or array_like, default 0.0
        The log-probabilities r under the reference model, of the prediction's shape or one that broadcasts to it. With
        0 the prediction is the logarithm of the ratio.
    kl : float, default 0.0
        The reference point k, the divergence of the policy from the reference as a batch of mismatched answers has it:
        a constant, not below 0.
    beta : float, default 0.1
        How closely the policy is held to the reference.
    desirable_weight, undesirable_weight : float, default 1.0
        Weights w of both kinds of answers, with which unequal numbers of them are balanced.

    Notes
    -----
    From K. Ethayarajh et al., "KTO: Model Alignment as Prospect Theoretic Optimization", ICML 2024; as TRL's
    ``KTOTrainer``, which takes the mean over all answers, as ``reduction="mean"`` does without a ``weight``. z is taken
    in float64.

    Examples
    --------
    >>> import numpy as np, fastnn as nn
    >>> policy, reference = np.array([-10.0, -20.0]), np.array([-12.0, -15.0])
    >>> nn.kto(policy, [1, 0], reference=reference, kl=0.5, reduction="none").round(4)
    array([0.4626, 0.3659])
    """
