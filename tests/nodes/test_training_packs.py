"""Packs that train: nodes run in inference mode, as in ComfyUI, which a pack leaves where it needs gradients."""

import pytest

torch = pytest.importorskip("torch")
import graphexec  # noqa: E402

PACK = """
import torch

class Fit:
    "Fit one brightness to a picture by gradient descent, and say whether inference mode was on."
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",)}}
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "go"

    def go(self, image):
        assert torch.is_inference_mode_enabled() and not torch.is_grad_enabled()
        with torch.inference_mode(False), torch.enable_grad():
            image = self.taken(image)
            level = torch.zeros(3, requires_grad=True)
            optimizer = torch.optim.SGD([level], lr=0.5)
            for _ in range(50):
                optimizer.zero_grad()
                (image - level).square().mean().backward()
                optimizer.step()
        return (level.detach().expand_as(image).clone(),)

    def taken(self, image):
        return image.clone()

class Ascend(Fit):
    "Follow the gradient with respect to what the node was given itself, without a copy."
    def go(self, image):
        with torch.inference_mode(False), torch.enable_grad():
            image.requires_grad_(True)
            image.square().sum().backward()
            return (image.grad / 2,)

class Write(Fit):
    "Write into what the node was given, outside of inference mode."
    def go(self, image):
        with torch.inference_mode(False):
            image.add_(0)
            return (image,)

class Encode:
    "Use an autoencoder outside of inference mode, in which its weights were read, and follow gradients to its latent."
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",), "vae": ("VAE",)}}
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "go"

    def go(self, image, vae):
        with torch.inference_mode(False), torch.enable_grad():
            latent = vae.encode(image).requires_grad_(True)
            latent.square().sum().backward()
            assert torch.equal(latent.grad, 2 * latent)
            return (vae.decode(latent.detach()),)

NODE_CLASS_MAPPINGS = {"Fit": Fit, "Ascend": Ascend, "Write": Write, "Encode": Encode}
"""


def node(kind, /, **inputs):
    return {"class_type": kind, "inputs": inputs}


@pytest.mark.parametrize("kind", ["Fit", "Ascend", "Write"])
@pytest.mark.parametrize("warm", [False, True])
def test_packs_train_with_what_builtin_nodes_made(tmp_path, kind, warm):
    """Whether it was just made in inference mode, or comes out of the cache; built-in nodes take what they return."""
    (tmp_path / "pack.py").write_text(PACK)
    flow = {
        "gray": node("EmptyImage", width=16, height=16, batch_size=1, color=0x408000),
        "pack": node(kind, image=["gray", 0]),
        "after": node("ImageInvert", image=["pack", 0]),
    }
    gray = torch.tensor([64, 128, 0]) / 255
    for targets in [["gray"], ["gray", "after"]] if warm else [["gray", "after"]]:
        with graphexec.Session(cache=tmp_path / "cache", nodes=[tmp_path / "pack.py"]) as session:
            result = session.run(flow, targets=targets)
            if targets == ["gray", "after"]:
                assert ("gray" in result.reused) == warm
                torch.testing.assert_close(result.value("after"), (1 - gray).expand(1, 16, 16, 3))
                torch.testing.assert_close(result.value("gray"), gray.expand(1, 16, 16, 3))
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
@pytest.mark.parametrize("loaded", [False, True])
def test_packs_use_models_outside_of_inference_mode(tmp_path, dtype, loaded):
    """The model that ships, its weights read by the pack's call or before it by a built-in node."""
    (tmp_path / "pack.py").write_text(PACK)
    flow = {
        "model": node("CheckpointLoaderSimple", ckpt_name="shapes.safetensors"),
        "gray": node("EmptyImage", width=16, height=16, batch_size=1, color=0x408000),
        "latent": node("VAEEncode", pixels=["gray", 0], vae=["model", 2]),
        "again": node("VAEDecode", samples=["latent", 0], vae=["model", 2]),
        "pack": node("Encode", image=["gray", 0], vae=["model", 2]),
    }
    with graphexec.Session(nodes=[tmp_path / "pack.py"], cache=None, device="cpu", dtype=dtype) as session:
        first = session.run(flow, targets=["again" if loaded else "pack"])
        assert first.executed
        result = session.run(flow, targets=["again", "pack"])
        assert torch.equal(result.value("again"), result.value("pack"))
