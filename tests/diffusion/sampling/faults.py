"""Planting wrong coefficients: copies of a sampler's module in which one product, sum or power is a fifth off."""

import ast
import importlib
import inspect
import sys
import types
from collections.abc import Iterator

from graphexec.diffusion.samplers.base import SamplerSpec


class Spoiler(ast.NodeTransformer):
    """Multiplies the k-th binary operation in the named functions by 1.2; indices are left alone."""

    def __init__(self, functions, k):
        self.functions, self.k = functions, k
        self.inside, self.count, self.spoiled = False, -1, None

    def visit_FunctionDef(self, node):
        before = self.inside
        self.inside = before or node.name in self.functions
        node.body = [self.visit(statement) for statement in node.body]
        self.inside = before
        return node

    def visit_Subscript(self, node):
        return node

    def visit_BinOp(self, node):
        node = self.generic_visit(node)
        if not self.inside:
            return node
        self.count += 1
        if self.count != self.k:
            return node
        self.spoiled = ast.unparse(node)
        return ast.BinOp(ast.Constant(1.2), ast.Mult(), node)


def spoiled(module_name: str, functions: tuple[str, ...], sampler: str) -> Iterator[tuple[str, SamplerSpec]]:
    """Every faulty copy: the expression that is off, and the sampler's row in that copy."""
    module = importlib.import_module(f"graphexec.diffusion.samplers.{module_name}")
    source = inspect.getsource(module)
    for k in range(1000):
        spoiler = Spoiler(functions, k)
        tree = ast.fix_missing_locations(spoiler.visit(ast.parse(source)))
        if spoiler.spoiled is None:
            return
        copy = types.ModuleType("spoiled")
        sys.modules["spoiled"] = copy
        exec(compile(tree, module.__file__, "exec"), copy.__dict__)  # our own source, one operation changed
        yield spoiler.spoiled, next(spec for spec in copy.SAMPLERS if spec.name == sampler)
