"""A run without a Session: graph, plan and execution, with a store that lasts from run to run."""

from graphexec.execute.cancel import Cancel
from graphexec.execute.context import Surroundings
from graphexec.execute.hidden import HiddenSources
from graphexec.execute.runner import execute
from graphexec.plan.fingerprints import Fingerprints
from graphexec.plan.keys import Recipes, World
from graphexec.plan.planner import make_plan
from graphexec.ports import Policy
from graphexec.store.memory import MemoryStore
from tests.support.graphs import graph, registry


class Bench:
    """Runs graphs of the same node classes one after another."""

    def __init__(self, classes, version="v1", hooks=None, budget=1 << 30, files=None, policy=None, debug=False):
        self.registry = registry(classes, version, hooks)
        self.store = MemoryStore(budget)
        self.files = files
        self.policy = policy or Policy()
        self.debug = debug
        self.instances = {}
        self.events = []

    def plan(self, api, targets=None):
        self.api = api
        world = World(self.policy, self.files, Fingerprints(), lambda: api, lambda: None)
        self.recipes = Recipes(world)
        return make_plan(graph(api, self.registry, targets, self.files), self.recipes, self.store)

    def ending(self, api, targets=None, cancel=None, listen=True):
        plan = self.plan(api, targets)
        self.events = []
        around = Surroundings(
            self.registry.hooks, self.files, self.policy, HiddenSources(lambda: api, lambda: None),
            cancel or Cancel(), self.events.append if listen else None, {}, self.instances,
        )  # fmt: skip
        return execute(plan, around, self.recipes, self.store, self.registry.get, debug=self.debug)

    def run(self, api, targets=None):
        """Return the result of a run that must succeed."""
        ending = self.ending(api, targets)
        assert ending.stopped is None and not ending.result.failures, ending.result.failures
        return ending.result
