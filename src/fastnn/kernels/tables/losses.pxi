# Made by tools/tables.py.

cdef void mse_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.mse[float], f.mse_gradient[float], f.mse_hessian[float], task, first, last)

cdef void mse_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.mse[double], f.mse_gradient[double], f.mse_hessian[double], task, first, last)

cdef void l2_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.l2[float], f.l2_gradient[float], f.l2_hessian[float], task, first, last)

cdef void l2_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.l2[double], f.l2_gradient[double], f.l2_hessian[double], task, first, last)

cdef void rmse_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.rmse[float], f.rmse_gradient[float], f.rmse_hessian[float], task, first, last)

cdef void rmse_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.rmse[double], f.rmse_gradient[double], f.rmse_hessian[double], task, first, last)

cdef void mae_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.mae[float], f.mae_gradient[float], f.flat_hessian[float], task, first, last)

cdef void mae_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.mae[double], f.mae_gradient[double], f.flat_hessian[double], task, first, last)

cdef void huber_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.huber[float], f.huber_gradient[float], f.huber_hessian[float], task, first, last)

cdef void huber_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.huber[double], f.huber_gradient[double], f.huber_hessian[double], task, first, last)

cdef void smooth_l1_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.smooth_l1[float], f.smooth_l1_gradient[float], f.smooth_l1_hessian[float], task, first, last)

cdef void smooth_l1_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.smooth_l1[double], f.smooth_l1_gradient[double], f.smooth_l1_hessian[double], task, first, last)

cdef void pseudo_huber_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.pseudo_huber[float], f.pseudo_huber_gradient[float], f.pseudo_huber_hessian[float], task, first, last)

cdef void pseudo_huber_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.pseudo_huber[double], f.pseudo_huber_gradient[double], f.pseudo_huber_hessian[double], task, first, last)

cdef void log_cosh_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.log_cosh[float], f.log_cosh_gradient[float], f.log_cosh_hessian[float], task, first, last)

cdef void log_cosh_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.log_cosh[double], f.log_cosh_gradient[double], f.log_cosh_hessian[double], task, first, last)

cdef void fair_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.fair[float], f.fair_gradient[float], f.fair_hessian[float], task, first, last)

cdef void fair_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.fair[double], f.fair_gradient[double], f.fair_hessian[double], task, first, last)

cdef void quantile_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.quantile[float], f.quantile_gradient[float], f.flat_hessian[float], task, first, last)

cdef void quantile_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.quantile[double], f.quantile_gradient[double], f.flat_hessian[double], task, first, last)

cdef void expectile_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.expectile[float], f.expectile_gradient[float], f.expectile_hessian[float], task, first, last)

cdef void expectile_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.expectile[double], f.expectile_gradient[double], f.expectile_hessian[double], task, first, last)

cdef void msle_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.msle[float], f.msle_gradient[float], f.msle_hessian[float], task, first, last)

cdef void msle_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.msle[double], f.msle_gradient[double], f.msle_hessian[double], task, first, last)

cdef void mape_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.mape[float], f.mape_gradient[float], f.flat_hessian[float], task, first, last)

cdef void mape_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.mape[double], f.mape_gradient[double], f.flat_hessian[double], task, first, last)

cdef void smape_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.smape[float], f.smape_gradient[float], f.smape_hessian[float], task, first, last)

cdef void smape_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.smape[double], f.smape_gradient[double], f.smape_hessian[double], task, first, last)

cdef void poisson_nll_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.poisson_nll[float], f.poisson_nll_gradient[float], f.poisson_nll_hessian[float], task, first, last)

cdef void poisson_nll_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.poisson_nll[double], f.poisson_nll_gradient[double], f.poisson_nll_hessian[double], task, first, last)

cdef void poisson_nll_of_rate_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.poisson_nll_of_rate[float], f.poisson_nll_of_rate_gradient[float], f.poisson_nll_of_rate_hessian[float], task, first, last)

cdef void poisson_nll_of_rate_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.poisson_nll_of_rate[double], f.poisson_nll_of_rate_gradient[double], f.poisson_nll_of_rate_hessian[double], task, first, last)

cdef void poisson_nll_full_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.poisson_nll_full[float], f.poisson_nll_full_gradient[float], f.poisson_nll_full_hessian[float], task, first, last)

cdef void poisson_nll_full_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.poisson_nll_full[double], f.poisson_nll_full_gradient[double], f.poisson_nll_full_hessian[double], task, first, last)

cdef void poisson_nll_of_rate_full_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.poisson_nll_of_rate_full[float], f.poisson_nll_of_rate_full_gradient[float], f.poisson_nll_of_rate_full_hessian[float], task, first, last)

cdef void poisson_nll_of_rate_full_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.poisson_nll_of_rate_full[double], f.poisson_nll_of_rate_full_gradient[double], f.poisson_nll_of_rate_full_hessian[double], task, first, last)

cdef void gamma_nll_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.gamma_nll[float], f.gamma_nll_gradient[float], f.gamma_nll_hessian[float], task, first, last)

cdef void gamma_nll_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.gamma_nll[double], f.gamma_nll_gradient[double], f.gamma_nll_hessian[double], task, first, last)

cdef void gamma_nll_of_mean_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.gamma_nll_of_mean[float], f.gamma_nll_of_mean_gradient[float], f.gamma_nll_of_mean_hessian[float], task, first, last)

cdef void gamma_nll_of_mean_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.gamma_nll_of_mean[double], f.gamma_nll_of_mean_gradient[double], f.gamma_nll_of_mean_hessian[double], task, first, last)

cdef void tweedie_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.tweedie[float], f.tweedie_gradient[float], f.tweedie_hessian[float], task, first, last)

cdef void tweedie_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.tweedie[double], f.tweedie_gradient[double], f.tweedie_hessian[double], task, first, last)

cdef void gaussian_nll_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.gaussian_nll[float], f.gaussian_nll_gradient[float], f.gaussian_nll_hessian[float], task, first, last)

cdef void gaussian_nll_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.gaussian_nll[double], f.gaussian_nll_gradient[double], f.gaussian_nll_hessian[double], task, first, last)

cdef void gaussian_nll_of_variance_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.gaussian_nll_of_variance[float], f.gaussian_nll_of_variance_gradient[float], f.gaussian_nll_of_variance_hessian[float], task, first, last)

cdef void gaussian_nll_of_variance_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.gaussian_nll_of_variance[double], f.gaussian_nll_of_variance_gradient[double], f.gaussian_nll_of_variance_hessian[double], task, first, last)

cdef void hinge_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.hinge[float], f.hinge_gradient[float], f.flat_hessian[float], task, first, last)

cdef void hinge_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.hinge[double], f.hinge_gradient[double], f.flat_hessian[double], task, first, last)

cdef void hinge_embedding_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.hinge_embedding[float], f.hinge_embedding_gradient[float], f.hinge_embedding_hessian[float], task, first, last)

cdef void hinge_embedding_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.hinge_embedding[double], f.hinge_embedding_gradient[double], f.hinge_embedding_hessian[double], task, first, last)

cdef void squared_hinge_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.squared_hinge[float], f.squared_hinge_gradient[float], f.squared_hinge_hessian[float], task, first, last)

cdef void squared_hinge_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.squared_hinge[double], f.squared_hinge_gradient[double], f.squared_hinge_hessian[double], task, first, last)

cdef void perceptron_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.perceptron[float], f.perceptron_gradient[float], f.flat_hessian[float], task, first, last)

cdef void perceptron_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.perceptron[double], f.perceptron_gradient[double], f.flat_hessian[double], task, first, last)

cdef void soft_margin_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.soft_margin[float], f.soft_margin_gradient[float], f.soft_margin_hessian[float], task, first, last)

cdef void soft_margin_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.soft_margin[double], f.soft_margin_gradient[double], f.soft_margin_hessian[double], task, first, last)

cdef void exponential_loss_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.exponential_loss[float], f.exponential_loss_gradient[float], f.exponential_loss_hessian[float], task, first, last)

cdef void exponential_loss_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.exponential_loss[double], f.exponential_loss_gradient[double], f.exponential_loss_hessian[double], task, first, last)

cdef void binary_cross_entropy_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.binary_cross_entropy[float], f.binary_cross_entropy_gradient[float], f.binary_cross_entropy_hessian[float], task, first, last)

cdef void binary_cross_entropy_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.binary_cross_entropy[double], f.binary_cross_entropy_gradient[double], f.binary_cross_entropy_hessian[double], task, first, last)

cdef void binary_cross_entropy_with_logits_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.binary_cross_entropy_with_logits[float], f.binary_cross_entropy_with_logits_gradient[float], f.binary_cross_entropy_with_logits_hessian[float], task, first, last)

cdef void binary_cross_entropy_with_logits_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.binary_cross_entropy_with_logits[double], f.binary_cross_entropy_with_logits_gradient[double], f.binary_cross_entropy_with_logits_hessian[double], task, first, last)

cdef void weighted_binary_cross_entropy_with_logits_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.weighted_binary_cross_entropy_with_logits[float], f.weighted_binary_cross_entropy_with_logits_gradient[float], f.weighted_binary_cross_entropy_with_logits_hessian[float], task, first, last)

cdef void weighted_binary_cross_entropy_with_logits_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.weighted_binary_cross_entropy_with_logits[double], f.weighted_binary_cross_entropy_with_logits_gradient[double], f.weighted_binary_cross_entropy_with_logits_hessian[double], task, first, last)

cdef void kto_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.kto[float], f.kto_gradient[float], f.kto_hessian[float], task, first, last)

cdef void kto_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    varying_loops(f.kto[double], f.kto_gradient[double], f.kto_hessian[double], task, first, last)

cdef void sigmoid_focal_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.sigmoid_focal[float], f.sigmoid_focal_gradient[float], f.sigmoid_focal_hessian[float], task, first, last)

cdef void sigmoid_focal_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.sigmoid_focal[double], f.sigmoid_focal_gradient[double], f.sigmoid_focal_hessian[double], task, first, last)

cdef void kl_divergence_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.kl_divergence[float], f.kl_divergence_gradient[float], f.flat_hessian[float], task, first, last)

cdef void kl_divergence_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.kl_divergence[double], f.kl_divergence_gradient[double], f.flat_hessian[double], task, first, last)

cdef void kl_divergence_general_float(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.kl_divergence_general[float], f.kl_divergence_general_gradient[float], f.kl_divergence_general_hessian[float], task, first, last)

cdef void kl_divergence_general_double(const void *task, Py_ssize_t first, Py_ssize_t last, int worker) noexcept nogil:
    loops(f.kl_divergence_general[double], f.kl_divergence_general_gradient[double], f.kl_divergence_general_hessian[double], task, first, last)


KERNELS = {
    "mse": kernel(mse_float, mse_double, NUMBERS),
    "l2": kernel(l2_float, l2_double, NUMBERS),
    "rmse": kernel(rmse_float, rmse_double, NUMBERS),
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
    "kto": kernel(kto_float, kto_double, NUMBERS),
    "sigmoid_focal": kernel(sigmoid_focal_float, sigmoid_focal_double, NUMBERS),
    "kl_divergence": kernel(kl_divergence_float, kl_divergence_double, NUMBERS),
    "kl_divergence_general": kernel(kl_divergence_general_float, kl_divergence_general_double, NUMBERS),
}
