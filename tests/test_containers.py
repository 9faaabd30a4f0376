"""Dockerfile and compose.yaml name what exists, carry no secret, and run with few rights."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from emailq.cli import cli
from emailq.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS = {
    name: service for name, service in COMPOSE["services"].items() if service.get("image", "").startswith("emailq:")
}


def test_the_dockerfile_keeps_the_rules_of_hadolint() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), ROOT / "Dockerfile"], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_each_service_runs_a_command_with_settings_that_exist() -> None:
    assert {"migrate", "worker-parsing", "worker-scan", "worker-classification", "worker-erp", "api"} <= OURS.keys()
    for name, service in OURS.items():
        assert service["command"].split()[0] in cli.commands, name
        settings = {key.removeprefix("EMAILQ_").lower() for key in service["environment"] if key.startswith("EMAILQ_")}
        assert settings - {"config"} <= Settings.model_fields.keys(), name


def test_our_services_have_few_rights() -> None:
    for name, service in OURS.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert re.search(r"^USER \d+:\d+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_nothing_is_reached_from_outside_this_host() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_each_secret_is_asked_for_and_has_no_default() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    example = dict(
        line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if re.match(r"\w+=", line)
    )

    used = set(re.findall(r"\$\{(\w+)", text))
    secrets = {name for name in used if re.search(r"PASSWORD|KEY|TOKEN", name)}

    assert used == example.keys()
    assert all(example[name] == "" for name in secrets)
    assert not re.search(r"\$\{\w*(?:PASSWORD|KEY|TOKEN)\w*:-[^}]", text)
