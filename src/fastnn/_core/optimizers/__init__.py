"""How optimizers run: settings, state, groups of parameters, and the walk through arrays."""
