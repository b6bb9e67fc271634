"""The numeric policy in one line."""

from __future__ import annotations

from graphexec.diagnostics.sanitize import visible
from graphexec.ports import Policy


def policy_line(policy: Policy) -> str:
    """Return what a person wants to know of a policy: where models compute, and in which number formats."""
    where = policy.device if policy.device == "cpu" else f"{policy.device} ({policy.hardware})"
    apart = [f"large models: {policy.large_dtype}"] if policy.large_dtype != policy.dtype else []
    if policy.large_autoencoder_dtype != policy.large_dtype:
        apart.append(f"autoencoders: {policy.large_autoencoder_dtype}")
    formats = policy.dtype + (f" ({', '.join(apart)})" if apart else "")
    threads = f", {policy.threads} threads" if policy.threads and policy.device_class == "cpu" else ""
    noise = "" if policy.noise == "comfyui" else f", noise {policy.noise}"
    memory = "" if policy.memory is None else f", {policy.memory:,} bytes for models"
    return visible(
        f"computing on {where} in {formats}{threads}{noise}{memory}, torch {policy.torch or 'not installed'}"
    )
