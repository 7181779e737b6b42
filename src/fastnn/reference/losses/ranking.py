"""Losses of rankings."""

from fastnn.reference.losses.multiclass import cross_entropy, cross_entropy_gradient, cross_entropy_hessian

ranking_softmax = cross_entropy
ranking_softmax_gradient = cross_entropy_gradient
ranking_softmax_hessian = cross_entropy_hessian
