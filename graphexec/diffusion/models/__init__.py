"""Diffusion networks, autoencoders and text encoders in the native single-file key layout."""
