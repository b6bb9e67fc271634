"""Fonts of labels: what they lack is noticed, and made readable."""

from PIL import ImageFont

from graphexec.imaging import label_fonts
from graphexec.imaging.label_fonts import font_for, has, readable


def test_what_a_font_lacks_is_noticed():
    font = ImageFont.load_default(15)
    assert has(font, "a") and has(font, "…") and not has(font, "\u4e00")


def test_without_a_system_font_accents_are_left_out(monkeypatch):
    monkeypatch.setattr(label_fonts, "SYSTEM_FONTS", ("no such font.ttf",))
    font = font_for(["Häuschen é"], 15)
    assert readable("Häuschen é,\nplain", font) == "Hauschen e,\nplain"
    assert readable("\u4e00", font) == "\u4e00"


def test_plain_labels_are_drawn_in_pillows_own_font_on_every_system():
    assert font_for(["cfg = 5…"], 15).getname() == ImageFont.load_default(15).getname()
