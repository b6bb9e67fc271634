"""Nodes that paint without torch, for sweeps: a colour is mixed at some cost, and saved as a PNG of one pixel."""

import struct
import time
import zlib

from graphexec.errors import NodeError
from graphexec.registry.authoring import Artifact, Int, NodeTable, Outcome, Output, Socket, String
from graphexec.registry.table import Registry

NODES = NodeTable("test")
COLOUR = (Output("COLOUR"),)
calls = []
"""Node types in the order in which they were called in this process."""


def png(red, green, blue):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes((0, red, green, blue)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@NODES.node("Mix", inputs=(Int("red", 0, min=0, max=255), String("name"), Int("seed", 0)), outputs=COLOUR)
def mix(context, red, name, seed):
    calls.append("Mix")
    return ((red, len(name) % 256, seed % 256),)


def draw_together(context, seeds, red):
    calls.append(f"Draw {len(seeds)}")
    return [((red, 100, seed % 256),) for seed in seeds]


@NODES.node("Draw", inputs=(Int("red", 0), Int("seed", 0)), outputs=COLOUR, together=draw_together)
def draw(context, red, seed):
    calls.append("Draw")
    if seed == 99:
        raise NodeError("99 is no seed")
    return ((red, 0, seed % 256),)


@NODES.node("Tint", inputs=(Socket("colour", "COLOUR"), Int("blue", 0, min=0, max=255), Int("ms", 0)), outputs=COLOUR)
def tint(context, colour, blue, ms):
    calls.append("Tint")
    time.sleep(ms / 1000)
    if blue == 13:
        raise NodeError("13 is no colour")
    return ((colour[0], colour[1], (colour[2] + blue) % 256),)


@NODES.node("Paint", inputs=(Socket("colour", "COLOUR"), Int("copies", 1)), output_node=True)
def paint(context, colour, copies):
    calls.append("Paint")
    return Outcome(artifacts=tuple(Artifact("image/png", png(*colour), "paint", ".png") for _ in range(copies)))


def registry():
    """Return a registry of these nodes alone."""
    return Registry(NODES.specs)


def flow(**inputs):
    """Return a workflow of the three nodes in API form; `inputs` are those of the node `tint`."""
    return {
        "mix": {"class_type": "Mix", "inputs": {"red": 1, "name": "x", "seed": 5}},
        "tint": {"class_type": "Tint", "inputs": {"colour": ["mix", 0], "blue": 0, "ms": 0, **inputs}},
        "paint": {"class_type": "Paint", "inputs": {"colour": ["tint", 0], "copies": 1}},
    }
