"""Contact sheets: every picture at its place, labels that fit, and no sheet beyond measure."""

import io

import numpy as np
import pytest
from PIL import Image

from graphexec.imaging import contact_sheet
from graphexec.imaging.contact_sheet import Sheet, Tile, draw

COLOURS = [(255, 0, 0), (0, 160, 0), (0, 0, 255), (200, 0, 200), (0, 200, 200), (160, 120, 0)]


@pytest.fixture
def pictures(tmp_path):
    paths = []
    for number, colour in enumerate(COLOURS):
        paths.append(tmp_path / f"{number}.png")
        Image.new("RGB", (80, 60), colour).save(paths[-1])
    return paths


def drawn(sheet):
    return Image.open(io.BytesIO(draw(sheet))).convert("RGB")


def centre(image, colour):
    """Return the middle of all pixels of a colour."""
    ys, xs = np.nonzero((np.asarray(image) == colour).all(axis=2))
    assert len(xs), colour
    return xs.mean(), ys.mean(), len(xs)


def test_pictures_stand_in_rows_and_columns_whole_and_unscaled(pictures):
    image = drawn(
        Sheet([[Tile(p) for p in pictures[:3]], [Tile(p) for p in pictures[3:]]], "title", list("abc"), list("de"))
    )
    places = [centre(image, colour) for colour in COLOURS]
    assert [count for *_, count in places] == [80 * 60] * 6
    xs, ys = [x for x, *_ in places], [y for _, y, _ in places]
    assert xs[:3] == xs[3:] == sorted(xs[:3]) and ys[0] == ys[1] == ys[2] < ys[3] == ys[4] == ys[5]


def test_labels_take_room_and_are_drawn(pictures):
    bare = drawn(Sheet([[Tile(pictures[0])]]))
    labelled = drawn(Sheet([[Tile(pictures[0])]], "", ["cfg = 5"], ["steps = 20"]))
    assert labelled.height > bare.height and labelled.width > bare.width
    x, y, _ = centre(labelled, COLOURS[0])
    above = labelled.crop((int(x) - 40, 0, int(x) + 40, int(y) - 31))
    left = labelled.crop((0, int(y) - 30, int(x) - 41, int(y) + 30))
    assert np.asarray(above).min() < 100 and np.asarray(left).min() < 100


def test_long_labels_are_wrapped_and_cut(pictures):
    rows = [[Tile(pictures[0]), Tile(pictures[1])]]
    plain = drawn(Sheet(rows, "", ["a", "b"], ["c"]))
    long = drawn(Sheet(rows, "word " * 500, ["x" * 5000, "lighthouse " * 100], ["prompt " * 1000]))
    assert long.width < plain.width + 700 and long.height < plain.height + 250
    assert centre(long, COLOURS[0])[2] == 80 * 60


def test_what_is_missing_is_a_note_and_what_is_not_there_is_paper(pictures):
    image = drawn(Sheet([[Tile(pictures[0]), Tile(None, "node failed: out of memory"), None]]))
    assert centre(image, contact_sheet._EMPTY)[2] > 60 * 60
    assert image.getpixel((image.width - 40, 40)) == contact_sheet._PAPER


def test_large_pictures_are_made_small_and_transparent_ones_stand_on_white(tmp_path):
    Image.new("RGB", (1024, 512), (255, 0, 0)).save(tmp_path / "large.png")
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    image = drawn(Sheet([[Tile(tmp_path / "large.png"), Tile(tmp_path / "clear.png")]]))
    assert centre(image, (255, 0, 0))[2] == 256 * 128
    assert {tuple(colour) for colour in np.asarray(image).reshape(-1, 3)} == {(255, 0, 0), contact_sheet._PAPER}


def test_a_sheet_of_thousands_of_cells_stays_within_bounds():
    assert contact_sheet._side(100) == 256 and 64 <= contact_sheet._side(5000) < 128
    assert 10_000 * contact_sheet._side(10_000) ** 2 <= 64_000_000


def test_a_damaged_picture_is_a_note(tmp_path, pictures):
    (tmp_path / "bad.png").write_bytes(pictures[0].read_bytes()[:60])
    image = drawn(Sheet([[Tile(pictures[0]), Tile(tmp_path / "bad.png", "no picture")]]))
    assert centre(image, contact_sheet._EMPTY)[2] > 50 * 50
