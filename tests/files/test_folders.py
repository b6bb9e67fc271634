"""The lookup of model and input files: layout, precedence, containment, and what is said when nothing is found."""

import sys

import pytest

from graphexec.errors import UsageError
from graphexec.files import FileProblem, Folders
from graphexec.ports import Files


def write(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


@pytest.fixture
def models(tmp_path):
    root = tmp_path / "models"
    write(
        root / "checkpoints/a.safetensors",
        root / "checkpoints/sd/b.ckpt",
        root / "checkpoints/notes.txt",
        root / "checkpoints/.git/c.ckpt",
        root / "clip/l.safetensors",
        root / "text_encoders/g.safetensors",
        root / "unet/u.sft",
        root / "t2i_adapter/t.pth",
        root / "embeddings/style.pt",
        root / "ipadapter/anything.onnx",
    )
    return root


def folders(*models, tmp_path=None, **options):
    base = tmp_path or models[0].parent
    return Folders(models, input=base / "input", output=base / "output", **options)


def problem(call, *args):
    with pytest.raises(FileProblem) as caught:
        call(*args)
    return caught.value


def test_is_a_files_port(models):
    assert isinstance(folders(models), Files)


def test_names_are_relative_sorted_and_of_the_folders_kinds(models):
    found = folders(models)
    assert found.models("checkpoints") == ["a.safetensors", "sd/b.ckpt"]
    assert found.models("text_encoders") == ["g.safetensors", "l.safetensors"]
    assert found.models("clip") == found.models("text_encoders"), "the older name of the folder"
    assert found.models("diffusion_models") == found.models("unet") == ["u.sft"]
    assert found.models("controlnet") == ["t.pth"]
    assert found.models("ipadapter") == ["anything.onnx"], "a folder that ComfyUI does not know, of any kind"
    assert found.models("loras") == []


@pytest.mark.parametrize("name", ["sd/b.ckpt", "sd\\b.ckpt", "./sd//b.ckpt"])
def test_both_separators(models, name):
    assert folders(models).model("checkpoints", name) == models / "checkpoints/sd/b.ckpt"


def test_embeddings_need_no_extension(models):
    assert folders(models).model("embeddings", "style").name == "style.pt"
    assert folders(models).model("embeddings", "style.pt").name == "style.pt"
    assert problem(folders(models).model, "checkpoints", "a").kind == "missing"


def test_the_first_directory_wins(models, tmp_path):
    other = tmp_path / "other"
    write(other / "checkpoints/a.safetensors", other / "checkpoints/z.safetensors")
    both = folders(other, models)
    assert both.model("checkpoints", "a.safetensors") == other / "checkpoints/a.safetensors"
    assert both.models("checkpoints") == ["a.safetensors", "sd/b.ckpt", "z.safetensors"]


def test_models_saved_by_nodes_are_found_last(models, tmp_path):
    write(tmp_path / "output/checkpoints/a.safetensors", tmp_path / "output/clip/merged.safetensors")
    found = folders(models)
    assert found.model("checkpoints", "a.safetensors") == models / "checkpoints/a.safetensors"
    assert found.model("clip", "merged.safetensors") == tmp_path / "output/clip/merged.safetensors"


def test_what_ships_is_found_last_and_is_no_place_of_the_users(models, tmp_path):
    shipped = tmp_path / "package"
    write(shipped / "checkpoints/a.safetensors", shipped / "checkpoints/shapes.safetensors")
    found = folders(models, shipped=shipped)
    assert found.model("checkpoints", "a.safetensors") == models / "checkpoints/a.safetensors"
    assert found.model("checkpoints", "shapes.safetensors") == shipped / "checkpoints/shapes.safetensors"
    assert found.models("checkpoints") == ["a.safetensors", "sd/b.ckpt", "shapes.safetensors"]
    assert 'nearest: "shapes.safetensors"' in problem(found.model, "checkpoints", "shape.safetensors").hint
    alone = folders(tmp_path=tmp_path, shipped=shipped)
    assert alone.model("checkpoints", "shapes.safetensors").parent.parent == shipped
    assert problem(alone.model, "checkpoints", "x.pt").hint == "no models directory was given (--models)"


def test_a_missing_models_directory_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        Folders([tmp_path / "nowhere"])


def test_what_is_said_about_a_missing_file(models):
    found = folders(models)
    typo = problem(found.model, "checkpoints", "aa.safetensors")
    assert typo.message == 'there is no file "aa.safetensors" in checkpoints'
    assert str(models / "checkpoints") in typo.hint
    assert 'nearest: "sd/b.ckpt"' in problem(found.model, "checkpoints", "XL\\B.ckpt").hint
    assert "which holds none" in problem(found.model, "vae_approx", "x.pt").hint
    nowhere = problem(Folders().model, "vae", "x.pt")
    assert "not looked for" in nowhere.message and "no models directory was given" in nowhere.hint


def test_hostile_names_are_unsafe_not_missing(models):
    for name in ("../checkpoints/a.safetensors", str(models / "checkpoints/a.safetensors"), "C:\\a", "nul", ""):
        assert problem(folders(models).model, "checkpoints", name).kind == "unsafe"
        assert problem(folders(models).input, name).kind == "unsafe"
    assert problem(folders(models).model, "checkpoints", "x" * 5000).kind == "missing"


def test_annotated_input_names(models, tmp_path):
    write(tmp_path / "input/a.png", tmp_path / "output/sub/b.png", tmp_path / "temp/c.png")
    found = folders(models, temp=tmp_path / "temp")
    assert found.input("a.png") == found.input("a.png [input]") == tmp_path / "input/a.png"
    assert found.input("sub/b.png [output]") == tmp_path / "output/sub/b.png"
    assert found.input("c.png [temp]") == tmp_path / "temp/c.png"
    assert problem(found.input, "a.png [output]").kind == "missing"
    assert problem(found.input, "../a.png [output]").kind == "unsafe"
    assert problem(folders(models).input, "c.png [temp]").hint == "graphexec keeps no temp directory"
    assert found.models("input") == ["a.png"] and found.models("output") == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
class TestLinks:
    def test_a_link_that_leads_out_is_refused(self, models, tmp_path):
        write(tmp_path / "secret.ckpt", tmp_path / "elsewhere/d.ckpt")
        (models / "checkpoints/out.ckpt").symlink_to(tmp_path / "secret.ckpt")
        (models / "checkpoints/dir").symlink_to(tmp_path / "elsewhere")
        found = folders(models)
        for name in ("out.ckpt", "dir/d.ckpt"):
            refused = problem(found.model, "checkpoints", name)
            assert refused.kind == "unsafe" and "follow_links" in refused.hint
        assert found.models("checkpoints") == ["a.safetensors", "sd/b.ckpt"]

    def test_unless_the_user_allows_it(self, models, tmp_path):
        write(tmp_path / "elsewhere/d.ckpt")
        (models / "checkpoints/dir").symlink_to(tmp_path / "elsewhere")
        found = folders(models, follow_links=True)
        assert found.model("checkpoints", "dir/d.ckpt").read_text() == "x"
        assert "dir/d.ckpt" in found.models("checkpoints")

    def test_a_link_that_stays_inside_is_fine(self, models):
        (models / "checkpoints/same.ckpt").symlink_to(models / "checkpoints/sd/b.ckpt")
        assert folders(models).model("checkpoints", "same.ckpt").name == "same.ckpt"
        assert "same.ckpt" in folders(models).models("checkpoints")

    def test_the_directory_itself_may_be_a_link(self, models, tmp_path):
        write(tmp_path / "disk/v.pt")
        (models / "vae").symlink_to(tmp_path / "disk")
        assert folders(models).model("vae", "v.pt").read_text() == "x"

    def test_directories_that_hold_themselves_end(self, models):
        (models / "checkpoints/loop").symlink_to(models / "checkpoints")
        assert folders(models, follow_links=True).models("checkpoints") == ["a.safetensors", "sd/b.ckpt"]

    def test_input_links(self, models, tmp_path):
        write(tmp_path / "secret.png")
        (tmp_path / "input").mkdir()
        (tmp_path / "input/x.png").symlink_to(tmp_path / "secret.png")
        assert problem(folders(models).input, "x.png").kind == "unsafe"


class TestExtraModelPaths:
    def folders(self, tmp_path, text, *more):
        file = tmp_path / "extra_model_paths.yaml"
        file.write_text(text)
        return folders(file, *more, tmp_path=tmp_path)

    def test_paths_of_all_notations(self, tmp_path, monkeypatch):
        monkeypatch.setenv("STORE", str(tmp_path / "store"))
        write(
            tmp_path / "sd/Stable-diffusion/a.ckpt",
            tmp_path / "sd/Lora/l.pt",
            tmp_path / "sd/LyCORIS/m.pt",
            tmp_path / "store/c.safetensors",
            tmp_path / "odd/x.bin",
        )
        found = self.folders(
            tmp_path,
            "a111:\n  base_path: sd/\n  checkpoints: Stable-diffusion\n  loras: |\n    Lora\n\n    LyCORIS\n"
            "empty:\nmine:\n  clip: $STORE\n  my_folder: odd\n",
        )
        assert found.model("checkpoints", "a.ckpt") == tmp_path / "sd/Stable-diffusion/a.ckpt"
        assert found.models("loras") == ["l.pt", "m.pt"]
        assert found.models("text_encoders") == ["c.safetensors"]
        assert found.models("my_folder") == ["x.bin"]

    def test_is_default_puts_a_section_first(self, tmp_path):
        write(tmp_path / "one/a.ckpt", tmp_path / "two/a.ckpt")
        text = "x:\n  checkpoints: one\ny:\n  is_default: {}\n  checkpoints: two\n"
        assert self.folders(tmp_path, text.format("true")).model("checkpoints", "a.ckpt").parent.name == "two"
        assert self.folders(tmp_path, text.format("false")).model("checkpoints", "a.ckpt").parent.name == "one"

    @pytest.mark.parametrize(
        "text", ["- a\n", "a: [b]\n", "a: {checkpoints: [x]}\n", "a: {base_path: 3}\n", "a: {b\n", "a: &a [*a\n"]
    )
    def test_malformed_files_are_usage_errors(self, tmp_path, text):
        with pytest.raises(UsageError, match="extra_model_paths"):
            self.folders(tmp_path, text)

    def test_a_missing_file_is_a_usage_error(self, tmp_path):
        with pytest.raises(UsageError):
            Folders([tmp_path / "none.yaml"])

    def test_no_python_objects(self, tmp_path):
        with pytest.raises(UsageError):
            self.folders(tmp_path, "a: !!python/object/apply:os.getcwd []\n")


def test_no_name_reaches_a_file_outside(models, tmp_path):
    """Every spelling of a way out, tried on a real tree with a file to find at its end."""
    write(tmp_path / "secret.ckpt", models / "secret.ckpt")
    found = folders(models)
    ups = ["..", "../..", "sd/../..", "./..", "sd/./../.."]
    for up in ups:
        for separator in ("/", "\\"):
            name = f"{up}/secret.ckpt".replace("/", separator)
            assert problem(found.model, "checkpoints", name).kind == "unsafe"
    assert problem(found.model, "checkpoints", str(tmp_path / "secret.ckpt")).kind == "unsafe"
