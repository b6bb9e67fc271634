"""ComfyUI-style node classes for tests: values of the standard library only."""


def node(inputs, outputs, run, **attributes):
    """Make a node class. `inputs` maps names to (type, options), or is a dictionary with required, optional, hidden."""
    groups = inputs if {"required", "optional", "hidden"} & set(inputs) else {"required": inputs}
    body = {
        "INPUT_TYPES": classmethod(lambda cls: groups),
        "RETURN_TYPES": tuple(outputs),
        "FUNCTION": "run",
        "run": run,
        **attributes,
    }
    return type("Node", (), body)


ANY = ("*", {})
INT = ("INT", {})

Source = node({"x": INT}, ["INT"], lambda self, x: (x,))
Add = node({"a": ("INT,FLOAT", {}), "b": ("INT,FLOAT", {})}, ["INT"], lambda self, a, b: (a + b,))
Show = node({"value": ANY}, [], lambda self, value: {"ui": {"shown": [value]}}, OUTPUT_NODE=True)

CLASSES = {"Source": Source, "Add": Add, "Show": Show}


def api(**nodes):
    """Write an API dictionary briefly: `api(a=("Source", dict(x=1)), b=("Show", dict(value=["a", 0])))`."""
    return {id: {"class_type": type, "inputs": dict(inputs)} for id, (type, inputs) in nodes.items()}
