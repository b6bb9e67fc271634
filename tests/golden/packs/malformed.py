"""A pack with a class that lacks FUNCTION, beside a good one."""


class Good:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    def run(self):
        return (1,)


class Bad:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("INT",)


NODE_CLASS_MAPPINGS = {"Good": Good, "Bad": Bad}
