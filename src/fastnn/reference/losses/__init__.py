"""The losses again, in modules that are named like the catalogue's."""
