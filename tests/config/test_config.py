"""Settings: precedence, origins, findings with positions, and what a stranger's file may not do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.config import TABLE, Settings, resolve
from graphexec.config.kinds import CACHE, COUNT, FLAG, PACKS, PATH, PATHS, SECONDS, SIZE, TEXT
from graphexec.config.toml import read_file
from graphexec.diagnostics.model import Severity
from graphexec.errors import UsageError

NOWHERE = Path("/nonexistent/graphexec.toml")


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    """A directory that holds a workflow."""
    path = tmp_path / "flow"
    path.mkdir()
    return path


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """The user's own file, not yet written."""
    path = tmp_path / "home" / "graphexec.toml"
    path.parent.mkdir()
    return path


def test_each_source_overrides_the_ones_below_it_and_is_remembered(flow: Path, user: Path) -> None:
    user.write_text('device = "cpu"\ndtype = "fp32"\nname = "u"\nstrict = true\n')
    (flow / "graphexec.toml").write_text('# mine\ndtype = "bf16"\nname = "f"\n')
    environ = {"GRAPHEXEC_NAME": "e", "GRAPHEXEC_DEADLINE": "5", "HOME": "/root"}
    settings, findings = resolve(flow, {"deadline": 9.0, "previews": None, "models": ()}, environ, user)
    assert not findings
    assert (settings.device, settings.dtype, settings.name, settings.deadline) == ("cpu", "bf16", "e", 9.0)
    assert str(settings.origin("device")) == f"user file ({user}:1)"
    assert str(settings.origin("dtype")) == f"workflow file ({flow / 'graphexec.toml'}:2)"
    assert str(settings.origin("name")) == "environment (GRAPHEXEC_NAME)"
    assert str(settings.origin("deadline")) == "command line (--deadline)"
    assert str(settings.origin("format")) == "default"
    assert settings.strict is True and settings.previews is False


def test_without_any_source_the_defaults_hold(flow: Path) -> None:
    assert resolve(flow, {}, {}, NOWHERE) == (Settings(), ())


def test_every_row_of_the_table_is_a_field_and_can_be_set_everywhere(flow: Path, user: Path) -> None:
    texts = {PATHS: "a", PACKS: "a/b", PATH: "a", TEXT: "a", FLAG: "true", SECONDS: "3", SIZE: "3GiB", CACHE: "off",
             COUNT: "3"}  # fmt: skip
    choices = {
        "device": "cpu",
        "dtype": "fp16",
        "noise": "comfyui-0.5",
        "format": "json",
        "cache-remote-access": "read-write",
    }
    for row in TABLE:
        text = choices.get(row.key) or texts[row.kind]
        value, findings = resolve(flow, {}, {row.variable: text}, NOWHERE)
        assert not findings and value.origin(row.field).detail == row.variable
        literal = text if row.kind in (FLAG, SECONDS, COUNT) else f"'{text}'"
        user.write_text(f"{row.key} = {literal}\n")
        again, findings = resolve(flow, {}, {}, user)
        assert not findings and again.origin(row.field).layer == "user file"
        if row.kind not in (PACKS, PATH, PATHS):
            assert getattr(value, row.field) == getattr(again, row.field) != getattr(Settings(), row.field)


def test_paths_in_a_file_are_relative_to_it_and_those_in_the_environment_to_the_working_directory(
    flow: Path, user: Path
) -> None:
    user.write_text('models = ["m", "/abs"]\n')
    assert resolve(flow, {}, {}, user)[0].models == (str(user.parent / "m"), "/abs")
    environ = {"GRAPHEXEC_MODELS": os.pathsep.join(["one", "two"])}
    assert resolve(flow, {}, environ, user)[0].models == ("one", "two")


def test_findings_have_the_position_of_the_key(user: Path) -> None:
    user.write_text('name = """\ndevise = 1\n"""\n  "devise" = "cpu"\ndeadline = -1\n')
    unknown, wrong = read_file(user, "user file").diagnostics
    assert (unknown.code, unknown.span.line, unknown.hint) == ("GX801", 4, "did you mean 'device'?")
    assert unknown.excerpt == '  "devise" = "cpu"'
    assert (wrong.span.line, wrong.span.column, wrong.span.end_column) == (5, 1, 9)
    assert "above 0" in wrong.message


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        (b'a = 1\nb = "x\n', 2, 7, "not valid TOML"),
        (b"a = [1,\n", 2, 1, "not valid TOML"),
        (b"a = 1\nb = '\xff'\n", 2, 1, "UTF-8"),
        (b"a = " + b"[" * 100_000, 1, 1, ""),
        (b"#" * (1 << 20) + b"#", 1, 1, "larger than"),
    ],
)
def test_what_is_not_toml_is_a_finding(user: Path, text: bytes, line: int, column: int, part: str) -> None:
    user.write_bytes(text)
    (finding,) = read_file(user, "user file").diagnostics
    assert finding.code == "GX801" and part in finding.message
    if part.startswith("not valid"):
        assert (finding.span.line, finding.span.column) == (line, column)
    assert finding.span.line == line or not part


def test_a_directory_in_place_of_the_file_is_a_finding(user: Path) -> None:
    user.mkdir()
    (finding,) = read_file(user, "user file").diagnostics
    assert finding.code == "GX801" and "cannot be read" in finding.message


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_exception(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_bytes(data)
    for finding in read_file(path, "workflow file").diagnostics:
        assert finding.span.line >= 1 and finding.span.column >= 1


@pytest.mark.parametrize(
    ("variable", "text", "severity", "part"),
    [
        ("GRAPHEXEC_DEVISE", "cpu", Severity.WARNING, "unknown"),
        ("GRAPHEXEC_DEVICE", "gpu", Severity.ERROR, "expected one of"),
        ("GRAPHEXEC_STRICT", "maybe", Severity.ERROR, "true or false"),
        ("GRAPHEXEC_DEADLINE", "soon", Severity.ERROR, "number of seconds"),
        ("GRAPHEXEC_DEADLINE", "inf", Severity.ERROR, "above 0"),
        ("GRAPHEXEC_MEMORY_BUDGET", "2 parsecs", Severity.ERROR, "size"),
    ],
)
def test_variables_are_checked(flow: Path, variable: str, text: str, severity: Severity, part: str) -> None:
    settings, (finding,) = resolve(flow, {}, {variable: text}, NOWHERE)
    assert settings == Settings()
    assert (finding.code, finding.severity) == ("GX801", severity) and part in finding.message
    assert variable in finding.message


def test_an_empty_variable_counts_as_not_set(flow: Path) -> None:
    assert resolve(flow, {}, {"GRAPHEXEC_DEVICE": ""}, NOWHERE) == (Settings(), ())


def test_a_wrong_option_is_a_usage_error(flow: Path) -> None:
    with pytest.raises(UsageError, match="--device: expected one of"):
        resolve(flow, {"device": "gpu"}, {}, NOWHERE)


@pytest.mark.parametrize(("text", "size"), [("1048576", 2**20), ("2GiB", 2**31), ("1.5 kB", 1500), ("0", 0)])
def test_sizes(flow: Path, text: str, size: int) -> None:
    assert resolve(flow, {}, {"GRAPHEXEC_MEMORY_BUDGET": text}, NOWHERE)[0].memory_budget == size


def test_a_file_beside_a_workflow_loads_no_code(flow: Path, user: Path) -> None:
    (flow / "graphexec.toml").write_text('nodes = ["evil.py"]\n')
    settings, (finding,) = resolve(flow, {}, {}, user)
    assert settings.nodes == () and finding.severity is Severity.WARNING and "ignored" in finding.message
    user.write_text('nodes = ["mine.py"]\n')
    assert resolve(flow, {}, {}, user)[0].nodes == (str(user.parent / "mine.py"),)


def test_the_users_own_file_beside_a_workflow_keeps_its_rights(user: Path) -> None:
    user.write_text('nodes = ["mine.py"]\noutput = "/elsewhere"\n')
    settings, findings = resolve(user.parent, {}, {}, user)
    assert not findings and settings.nodes and settings.output == "/elsewhere"


@pytest.mark.parametrize("key", ["input", "output"])
def test_a_file_beside_a_workflow_names_only_directories_below_it(flow: Path, key: str) -> None:
    (flow / "link").symlink_to("/")
    for path in ("..", "/etc", "sub/../../x", "link/tmp", "~"):
        (flow / "graphexec.toml").write_text(f'{key} = "{path}"\n')
        settings, (finding,) = resolve(flow, {}, {}, NOWHERE)
        assert getattr(settings, key) == key and finding.severity is Severity.ERROR, path
    (flow / "graphexec.toml").write_text(f'{key} = "sub/dir"\n')
    settings, findings = resolve(flow, {}, {}, NOWHERE)
    assert not findings and getattr(settings, key) == str(flow / "sub/dir")


def test_a_bare_word_among_node_packs_is_an_entry_point_and_not_a_path(user: Path) -> None:
    user.write_text('nodes = ["my-pack", "./my-pack", "file.py", "/abs"]\n')
    base = user.parent
    assert resolve(base, {}, {}, user)[0].nodes == ("my-pack", str(base / "my-pack"), str(base / "file.py"), "/abs")


@pytest.mark.parametrize("line", ['cache = "mine"', 'cache = "off"', 'cache-size = "1kB"'])
def test_a_file_beside_a_workflow_does_not_choose_where_results_come_from(flow: Path, line: str) -> None:
    (flow / "graphexec.toml").write_text(line + "\n")
    settings, (finding,) = resolve(flow, {}, {}, NOWHERE)
    assert settings == Settings() and finding.severity is Severity.WARNING and "cache" in finding.message


def test_the_directory_of_the_cache_is_relative_to_the_file_that_names_it(flow: Path, user: Path) -> None:
    user.write_text('cache = "here"\n')
    assert resolve(flow, {}, {}, user)[0].cache == str(user.parent / "here")
    user.write_text('cache = "auto"\n')
    assert resolve(flow, {}, {}, user)[0].cache == "auto"
