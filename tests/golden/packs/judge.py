"""A pack whose node judges its own inputs."""


class Judge:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"count": ("INT", {"min": 0, "max": 5}), "mood": ("STRING",), "image": ("IMAGE",)}}

    RETURN_TYPES = ()
    FUNCTION = "run"
    OUTPUT_NODE = True

    @classmethod
    def VALIDATE_INPUTS(cls, count, mood):
        return f"{count} is more than anybody needs when {mood}" if count > 5 else True

    def run(self, count, mood, image):
        return ()


NODE_CLASS_MAPPINGS = {"Judge": Judge}
