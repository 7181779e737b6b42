# Made by tools/tables.py.

cdef double mse_float(Task task, float scale) noexcept nogil:
    return loops(f.mse[float], f.mse_gradient[float], f.mse_hessian[float], task, scale)

cdef double mse_double(Task task, double scale) noexcept nogil:
    return loops(f.mse[double], f.mse_gradient[double], f.mse_hessian[double], task, scale)

cdef double l2_float(Task task, float scale) noexcept nogil:
    return loops(f.l2[float], f.l2_gradient[float], f.l2_hessian[float], task, scale)

cdef double l2_double(Task task, double scale) noexcept nogil:
    return loops(f.l2[double], f.l2_gradient[double], f.l2_hessian[double], task, scale)

cdef double mae_float(Task task, float scale) noexcept nogil:
    return loops(f.mae[float], f.mae_gradient[float], f.flat_hessian[float], task, scale)

cdef double mae_double(Task task, double scale) noexcept nogil:
    return loops(f.mae[double], f.mae_gradient[double], f.flat_hessian[double], task, scale)

cdef double huber_float(Task task, float scale) noexcept nogil:
    return loops(f.huber[float], f.huber_gradient[float], f.huber_hessian[float], task, scale)

cdef double huber_double(Task task, double scale) noexcept nogil:
    return loops(f.huber[double], f.huber_gradient[double], f.huber_hessian[double], task, scale)

cdef double smooth_l1_float(Task task, float scale) noexcept nogil:
    return loops(f.smooth_l1[float], f.smooth_l1_gradient[float], f.smooth_l1_hessian[float], task, scale)

cdef double smooth_l1_double(Task task, double scale) noexcept nogil:
    return loops(f.smooth_l1[double], f.smooth_l1_gradient[double], f.smooth_l1_hessian[double], task, scale)

cdef double pseudo_huber_float(Task task, float scale) noexcept nogil:
    return loops(f.pseudo_huber[float], f.pseudo_huber_gradient[float], f.pseudo_huber_hessian[float], task, scale)

cdef double pseudo_huber_double(Task task, double scale) noexcept nogil:
    return loops(f.pseudo_huber[double], f.pseudo_huber_gradient[double], f.pseudo_huber_hessian[double], task, scale)

cdef double log_cosh_float(Task task, float scale) noexcept nogil:
    return loops(f.log_cosh[float], f.log_cosh_gradient[float], f.log_cosh_hessian[float], task, scale)

cdef double log_cosh_double(Task task, double scale) noexcept nogil:
    return loops(f.log_cosh[double], f.log_cosh_gradient[double], f.log_cosh_hessian[double], task, scale)

cdef double fair_float(Task task, float scale) noexcept nogil:
    return loops(f.fair[float], f.fair_gradient[float], f.fair_hessian[float], task, scale)

cdef double fair_double(Task task, double scale) noexcept nogil:
    return loops(f.fair[double], f.fair_gradient[double], f.fair_hessian[double], task, scale)

cdef double quantile_float(Task task, float scale) noexcept nogil:
    return varying_loops(f.quantile[float], f.quantile_gradient[float], f.flat_hessian[float], task, scale)

cdef double quantile_double(Task task, double scale) noexcept nogil:
    return varying_loops(f.quantile[double], f.quantile_gradient[double], f.flat_hessian[double], task, scale)

cdef double expectile_float(Task task, float scale) noexcept nogil:
    return varying_loops(f.expectile[float], f.expectile_gradient[float], f.expectile_hessian[float], task, scale)

cdef double expectile_double(Task task, double scale) noexcept nogil:
    return varying_loops(f.expectile[double], f.expectile_gradient[double], f.expectile_hessian[double], task, scale)

cdef double msle_float(Task task, float scale) noexcept nogil:
    return loops(f.msle[float], f.msle_gradient[float], f.msle_hessian[float], task, scale)

cdef double msle_double(Task task, double scale) noexcept nogil:
    return loops(f.msle[double], f.msle_gradient[double], f.msle_hessian[double], task, scale)

cdef double mape_float(Task task, float scale) noexcept nogil:
    return loops(f.mape[float], f.mape_gradient[float], f.flat_hessian[float], task, scale)

cdef double mape_double(Task task, double scale) noexcept nogil:
    return loops(f.mape[double], f.mape_gradient[double], f.flat_hessian[double], task, scale)

cdef double smape_float(Task task, float scale) noexcept nogil:
    return loops(f.smape[float], f.smape_gradient[float], f.smape_hessian[float], task, scale)

cdef double smape_double(Task task, double scale) noexcept nogil:
    return loops(f.smape[double], f.smape_gradient[double], f.smape_hessian[double], task, scale)

cdef double poisson_nll_float(Task task, float scale) noexcept nogil:
    return loops(f.poisson_nll[float], f.poisson_nll_gradient[float], f.poisson_nll_hessian[float], task, scale)

cdef double poisson_nll_double(Task task, double scale) noexcept nogil:
    return loops(f.poisson_nll[double], f.poisson_nll_gradient[double], f.poisson_nll_hessian[double], task, scale)

cdef double poisson_nll_of_rate_float(Task task, float scale) noexcept nogil:
    return loops(f.poisson_nll_of_rate[float], f.poisson_nll_of_rate_gradient[float], f.poisson_nll_of_rate_hessian[float], task, scale)

cdef double poisson_nll_of_rate_double(Task task, double scale) noexcept nogil:
    return loops(f.poisson_nll_of_rate[double], f.poisson_nll_of_rate_gradient[double], f.poisson_nll_of_rate_hessian[double], task, scale)

cdef double poisson_nll_full_float(Task task, float scale) noexcept nogil:
    return loops(f.poisson_nll_full[float], f.poisson_nll_full_gradient[float], f.poisson_nll_full_hessian[float], task, scale)

cdef double poisson_nll_full_double(Task task, double scale) noexcept nogil:
    return loops(f.poisson_nll_full[double], f.poisson_nll_full_gradient[double], f.poisson_nll_full_hessian[double], task, scale)

cdef double poisson_nll_of_rate_full_float(Task task, float scale) noexcept nogil:
    return loops(f.poisson_nll_of_rate_full[float], f.poisson_nll_of_rate_full_gradient[float], f.poisson_nll_of_rate_full_hessian[float], task, scale)

cdef double poisson_nll_of_rate_full_double(Task task, double scale) noexcept nogil:
    return loops(f.poisson_nll_of_rate_full[double], f.poisson_nll_of_rate_full_gradient[double], f.poisson_nll_of_rate_full_hessian[double], task, scale)

cdef double gamma_nll_float(Task task, float scale) noexcept nogil:
    return loops(f.gamma_nll[float], f.gamma_nll_gradient[float], f.gamma_nll_hessian[float], task, scale)

cdef double gamma_nll_double(Task task, double scale) noexcept nogil:
    return loops(f.gamma_nll[double], f.gamma_nll_gradient[double], f.gamma_nll_hessian[double], task, scale)

cdef double gamma_nll_of_mean_float(Task task, float scale) noexcept nogil:
    return loops(f.gamma_nll_of_mean[float], f.gamma_nll_of_mean_gradient[float], f.gamma_nll_of_mean_hessian[float], task, scale)

cdef double gamma_nll_of_mean_double(Task task, double scale) noexcept nogil:
    return loops(f.gamma_nll_of_mean[double], f.gamma_nll_of_mean_gradient[double], f.gamma_nll_of_mean_hessian[double], task, scale)

cdef double tweedie_float(Task task, float scale) noexcept nogil:
    return loops(f.tweedie[float], f.tweedie_gradient[float], f.tweedie_hessian[float], task, scale)

cdef double tweedie_double(Task task, double scale) noexcept nogil:
    return loops(f.tweedie[double], f.tweedie_gradient[double], f.tweedie_hessian[double], task, scale)

cdef double gaussian_nll_float(Task task, float scale) noexcept nogil:
    return varying_loops(f.gaussian_nll[float], f.gaussian_nll_gradient[float], f.gaussian_nll_hessian[float], task, scale)

cdef double gaussian_nll_double(Task task, double scale) noexcept nogil:
    return varying_loops(f.gaussian_nll[double], f.gaussian_nll_gradient[double], f.gaussian_nll_hessian[double], task, scale)

cdef double gaussian_nll_of_variance_float(Task task, float scale) noexcept nogil:
    return varying_loops(f.gaussian_nll_of_variance[float], f.gaussian_nll_of_variance_gradient[float], f.gaussian_nll_of_variance_hessian[float], task, scale)

cdef double gaussian_nll_of_variance_double(Task task, double scale) noexcept nogil:
    return varying_loops(f.gaussian_nll_of_variance[double], f.gaussian_nll_of_variance_gradient[double], f.gaussian_nll_of_variance_hessian[double], task, scale)

cdef double hinge_float(Task task, float scale) noexcept nogil:
    return loops(f.hinge[float], f.hinge_gradient[float], f.flat_hessian[float], task, scale)

cdef double hinge_double(Task task, double scale) noexcept nogil:
    return loops(f.hinge[double], f.hinge_gradient[double], f.flat_hessian[double], task, scale)

cdef double hinge_embedding_float(Task task, float scale) noexcept nogil:
    return loops(f.hinge_embedding[float], f.hinge_embedding_gradient[float], f.hinge_embedding_hessian[float], task, scale)

cdef double hinge_embedding_double(Task task, double scale) noexcept nogil:
    return loops(f.hinge_embedding[double], f.hinge_embedding_gradient[double], f.hinge_embedding_hessian[double], task, scale)

cdef double squared_hinge_float(Task task, float scale) noexcept nogil:
    return loops(f.squared_hinge[float], f.squared_hinge_gradient[float], f.squared_hinge_hessian[float], task, scale)

cdef double squared_hinge_double(Task task, double scale) noexcept nogil:
    return loops(f.squared_hinge[double], f.squared_hinge_gradient[double], f.squared_hinge_hessian[double], task, scale)

cdef double perceptron_float(Task task, float scale) noexcept nogil:
    return loops(f.perceptron[float], f.perceptron_gradient[float], f.flat_hessian[float], task, scale)

cdef double perceptron_double(Task task, double scale) noexcept nogil:
    return loops(f.perceptron[double], f.perceptron_gradient[double], f.flat_hessian[double], task, scale)

cdef double soft_margin_float(Task task, float scale) noexcept nogil:
    return loops(f.soft_margin[float], f.soft_margin_gradient[float], f.soft_margin_hessian[float], task, scale)

cdef double soft_margin_double(Task task, double scale) noexcept nogil:
    return loops(f.soft_margin[double], f.soft_margin_gradient[double], f.soft_margin_hessian[double], task, scale)

cdef double exponential_loss_float(Task task, float scale) noexcept nogil:
    return loops(f.exponential_loss[float], f.exponential_loss_gradient[float], f.exponential_loss_hessian[float], task, scale)

cdef double exponential_loss_double(Task task, double scale) noexcept nogil:
    return loops(f.exponential_loss[double], f.exponential_loss_gradient[double], f.exponential_loss_hessian[double], task, scale)

cdef double binary_cross_entropy_float(Task task, float scale) noexcept nogil:
    return loops(f.binary_cross_entropy[float], f.binary_cross_entropy_gradient[float], f.binary_cross_entropy_hessian[float], task, scale)

cdef double binary_cross_entropy_double(Task task, double scale) noexcept nogil:
    return loops(f.binary_cross_entropy[double], f.binary_cross_entropy_gradient[double], f.binary_cross_entropy_hessian[double], task, scale)

cdef double binary_cross_entropy_with_logits_float(Task task, float scale) noexcept nogil:
    return loops(f.binary_cross_entropy_with_logits[float], f.binary_cross_entropy_with_logits_gradient[float], f.binary_cross_entropy_with_logits_hessian[float], task, scale)

cdef double binary_cross_entropy_with_logits_double(Task task, double scale) noexcept nogil:
    return loops(f.binary_cross_entropy_with_logits[double], f.binary_cross_entropy_with_logits_gradient[double], f.binary_cross_entropy_with_logits_hessian[double], task, scale)

cdef double weighted_binary_cross_entropy_with_logits_float(Task task, float scale) noexcept nogil:
    return varying_loops(f.weighted_binary_cross_entropy_with_logits[float], f.weighted_binary_cross_entropy_with_logits_gradient[float], f.weighted_binary_cross_entropy_with_logits_hessian[float], task, scale)

cdef double weighted_binary_cross_entropy_with_logits_double(Task task, double scale) noexcept nogil:
    return varying_loops(f.weighted_binary_cross_entropy_with_logits[double], f.weighted_binary_cross_entropy_with_logits_gradient[double], f.weighted_binary_cross_entropy_with_logits_hessian[double], task, scale)

cdef double sigmoid_focal_float(Task task, float scale) noexcept nogil:
    return loops(f.sigmoid_focal[float], f.sigmoid_focal_gradient[float], f.sigmoid_focal_hessian[float], task, scale)

cdef double sigmoid_focal_double(Task task, double scale) noexcept nogil:
    return loops(f.sigmoid_focal[double], f.sigmoid_focal_gradient[double], f.sigmoid_focal_hessian[double], task, scale)

cdef double kl_divergence_float(Task task, float scale) noexcept nogil:
    return loops(f.kl_divergence[float], f.kl_divergence_gradient[float], f.flat_hessian[float], task, scale)

cdef double kl_divergence_double(Task task, double scale) noexcept nogil:
    return loops(f.kl_divergence[double], f.kl_divergence_gradient[double], f.flat_hessian[double], task, scale)

cdef double kl_divergence_general_float(Task task, float scale) noexcept nogil:
    return loops(f.kl_divergence_general[float], f.kl_divergence_general_gradient[float], f.kl_divergence_general_hessian[float], task, scale)

cdef double kl_divergence_general_double(Task task, double scale) noexcept nogil:
    return loops(f.kl_divergence_general[double], f.kl_divergence_general_gradient[double], f.kl_divergence_general_hessian[double], task, scale)


KERNELS = {
    "mse": kernel(mse_float, mse_double, NUMBERS),
    "l2": kernel(l2_float, l2_double, NUMBERS),
    "mae": kernel(mae_float, mae_double, NUMBERS),
    "huber": kernel(huber_float, huber_double, NUMBERS),
    "smooth_l1": kernel(smooth_l1_float, smooth_l1_double, NUMBERS),
    "pseudo_huber": kernel(pseudo_huber_float, pseudo_huber_double, NUMBERS),
    "log_cosh": kernel(log_cosh_float, log_cosh_double, NUMBERS),
    "fair": kernel(fair_float, fair_double, NUMBERS),
    "quantile": kernel(quantile_float, quantile_double, NUMBERS),
    "expectile": kernel(expectile_float, expectile_double, NUMBERS),
    "msle": kernel(msle_float, msle_double, NUMBERS),
    "mape": kernel(mape_float, mape_double, NUMBERS),
    "smape": kernel(smape_float, smape_double, NUMBERS),
    "poisson_nll": kernel(poisson_nll_float, poisson_nll_double, NUMBERS),
    "poisson_nll_of_rate": kernel(poisson_nll_of_rate_float, poisson_nll_of_rate_double, NUMBERS),
    "poisson_nll_full": kernel(poisson_nll_full_float, poisson_nll_full_double, NUMBERS),
    "poisson_nll_of_rate_full": kernel(poisson_nll_of_rate_full_float, poisson_nll_of_rate_full_double, NUMBERS),
    "gamma_nll": kernel(gamma_nll_float, gamma_nll_double, NUMBERS),
    "gamma_nll_of_mean": kernel(gamma_nll_of_mean_float, gamma_nll_of_mean_double, NUMBERS),
    "tweedie": kernel(tweedie_float, tweedie_double, NUMBERS),
    "gaussian_nll": kernel(gaussian_nll_float, gaussian_nll_double, NUMBERS),
    "gaussian_nll_of_variance": kernel(gaussian_nll_of_variance_float, gaussian_nll_of_variance_double, NUMBERS),
    "hinge": kernel(hinge_float, hinge_double, NUMBERS),
    "hinge_embedding": kernel(hinge_embedding_float, hinge_embedding_double, NUMBERS),
    "squared_hinge": kernel(squared_hinge_float, squared_hinge_double, NUMBERS),
    "perceptron": kernel(perceptron_float, perceptron_double, NUMBERS),
    "soft_margin": kernel(soft_margin_float, soft_margin_double, NUMBERS),
    "exponential_loss": kernel(exponential_loss_float, exponential_loss_double, NUMBERS),
    "binary_cross_entropy": kernel(binary_cross_entropy_float, binary_cross_entropy_double, NUMBERS),
    "binary_cross_entropy_with_logits": kernel(binary_cross_entropy_with_logits_float, binary_cross_entropy_with_logits_double, NUMBERS),
    "weighted_binary_cross_entropy_with_logits": kernel(weighted_binary_cross_entropy_with_logits_float, weighted_binary_cross_entropy_with_logits_double, NUMBERS),
    "sigmoid_focal": kernel(sigmoid_focal_float, sigmoid_focal_double, NUMBERS),
    "kl_divergence": kernel(kl_divergence_float, kl_divergence_double, NUMBERS),
    "kl_divergence_general": kernel(kl_divergence_general_float, kl_divergence_general_double, NUMBERS),
}
