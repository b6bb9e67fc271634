"""A pack that imports ComfyUI's own modules."""

import comfy.samplers

NODE_CLASS_MAPPINGS = {"Needy": comfy.samplers.Sampler}
