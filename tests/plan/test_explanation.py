"""Explanations of plans against a past made by hand."""

from collections import Counter
from dataclasses import dataclass, field

from graphexec.plan import explanation
from graphexec.plan.explanation import explain
from graphexec.plan.fingerprints import Fingerprints
from graphexec.plan.keys import Recipes, World
from graphexec.plan.planner import make_plan
from graphexec.ports import Policy
from graphexec.store.journal import Made
from tests.plan.test_planner import CHAIN, Keys
from tests.support.classes import CLASSES, api
from tests.support.graphs import graph


@dataclass
class Past:
    """A past that is given; `asked` counts the questions by type."""

    steps: tuple[Made, ...] = ()
    places: dict = field(default_factory=dict)
    reasons: dict = field(default_factory=dict)
    asked: Counter = field(default_factory=Counter)

    def where(self, keys):
        return {key: self.places[key] for key in keys if key in self.places}

    def unstored(self, key):
        return self.reasons.get(key)

    def made(self, key):
        return next((step for step in self.steps if step.key == key), None)

    def made_of(self, node_type, most):
        self.asked[node_type, most] += 1
        return [step for step in self.steps if step.type == node_type][:most]


def plan_of(workflow, targets=("c",)):
    return make_plan(graph(workflow, CLASSES, list(targets)), Recipes(World(Policy(), None, Fingerprints())), Keys())


def explained(workflow, past, targets=("c",)):
    return {one.node: one for one in explain(plan_of(workflow, targets), past, lambda literals, names: None)}


def made(workflow, targets=("c",)):
    plan = plan_of(workflow, targets)
    return tuple(Made(k.digest, plan.graph.nodes[i].spec.type, k.recipe, True, 5.0) for i, k in plan.keys.items())


def test_places_are_those_that_the_past_tells():
    keys = {id: key.digest for id, key in plan_of(CHAIN).keys.items()}
    found = explained(CHAIN, Past(places={keys["a"]: "remote", keys["b"]: "disk"}))
    assert [(one.status, one.where) for one in found.values()] == [("hit", "remote"), ("hit", "disk"), ("miss", None)]


def test_why_something_is_not_stored_is_told_as_text():
    keys = {id: key.digest for id, key in plan_of(CHAIN).keys.items()}
    found = explained(CHAIN, Past(reasons={keys["a"]: "a \x1b[31mthing"}))
    assert found["a"].text == "not stored: a \\x1b[31mthing"


def test_the_earlier_step_is_named():
    other = {**CHAIN, "a": {"class_type": "Source", "inputs": {"x": 9}}}
    steps = made(other)
    found = explained(CHAIN, Past(steps))
    assert (found["a"].text, found["a"].earlier, found["a"].when) == ("x 9 -> 1", steps[0].key, 5.0)
    assert found["c"].text == "upstream node b (Add); upstream node a (Source)"


def test_the_work_is_bounded(monkeypatch):
    wide = api(**{f"n{number}": ("Source", {"x": number}) for number in range(30)})
    past = Past(made(api(old=("Source", {"x": -1})), ["old"]))
    assert {one.text for one in explained(wide, past, list(wide)).values()} == {f"x -1 -> {n}" for n in range(30)}
    assert past.asked == {("Source", explanation.CANDIDATES): 1}
    monkeypatch.setattr(explanation, "COMPARISONS", 300)
    explained(wide, past, list(wide))
    assert past.asked["Source", 10] == 1, "30 nodes may be compared 300 times"
