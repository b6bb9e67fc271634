"""Pictures as files: PNG coding and decoding with Pillow and numpy."""
