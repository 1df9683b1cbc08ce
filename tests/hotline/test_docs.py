"""The documentation names every command, setting, route and column that there is."""

import re
from pathlib import Path

import pytest
import typer.main

from admin.openapi import describe
from hotline.cli import app
from hotline.settings import Settings
from kb.checking import SEVERITIES, TITLES, Finding, Rule
from kb.tables import COLUMNS

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def commands() -> list[str]:
    top = typer.main.get_command(app)
    found = []
    for name, command in top.commands.items():
        inner = getattr(command, "commands", None)
        found += [f"hotline {name} {one}" for one in inner] if inner else [f"hotline {name}"]
    return found


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command):
    assert f"`{command}`" in read("operators.md")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_default(name):
    default = Settings.model_fields[name].default
    shown = "空" if default in ("", None) else f"`{default}`"
    assert f"| `HOTLINE_{name.upper()}` | {shown} |" in read("operators.md")


def test_no_setting_is_documented_that_does_not_exist():
    known = {f"HOTLINE_{name.upper()}" for name in Settings.model_fields}
    for file in ROOT.glob("docs/*.md"):
        assert set(re.findall(r"HOTLINE_[A-Z_]+", file.read_text("utf-8"))) <= known


@pytest.mark.parametrize("field", COLUMNS)
def test_every_column_is_documented_by_its_first_name(field):
    assert COLUMNS[field][0] in read("editors.md")


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_of_the_linter_is_documented_with_its_level(rule):
    level = SEVERITIES[Finding(rule, "").severity]
    assert f"| {TITLES[rule]} | {level} |" in read("editors.md")


@pytest.mark.parametrize("file", ["README.md", "README.zh-CN.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))])
def test_links_lead_to_files(file):
    here = (ROOT / file).parent
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (ROOT / file).read_text("utf-8")):
        assert (here / target).exists(), target


@pytest.mark.parametrize("path", describe()["paths"])
def test_every_route_is_documented(path):
    assert re.search(rf"`(?:GET|POST) {re.escape(path)}`", read("api.md"))


def test_the_makefile_explains_its_targets():
    lines = (ROOT / "Makefile").read_text("utf-8").splitlines()
    targets = [line for line in lines if re.match(r"[a-z]+:", line)]
    assert targets
    assert all("## " in line for line in targets)
