"""Layers: what becomes of their arguments before kernels see them."""
