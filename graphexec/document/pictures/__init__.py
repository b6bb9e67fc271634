"""Pictures and latents as workflow files: what they carry about how they were made."""
