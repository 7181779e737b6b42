"""How losses run: what is asked of them, what their arguments become, and how these reach the kernels."""
