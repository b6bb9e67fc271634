"""The patches that nodes put on a model: each module makes one kind (`diffusion.patches`) from a node's settings."""
