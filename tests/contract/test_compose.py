"""docker-compose.yml, the Dockerfile and what they mount name what there is: commands, variables, ports, paths."""

import fnmatch
import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import typer
import yaml

from cli.kafka.jars import VERSION as KAFKA
from cli.main import app
from cli.settings import read_settings
from simulators.receivers import consumer
from streams.settings import Settings

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def read(path: str) -> Any:
    """A YAML file with the defaults of its variables filled in."""
    return yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / path).read_text()))


COMPOSE = read("docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("meterwatch:")}
WORKERS = {name: service for name, service in OURS.items() if service["command"] == ["meterwatch", "worker"]}


def settings_of(service: dict[str, Any]) -> Settings:
    return read_settings({name: str(value) for name, value in service["environment"].items()})


@pytest.mark.parametrize("name", OURS)
def test_commands_are_those_of_the_project(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, *arguments = OURS[name]["command"]
    if program == "meterwatch":
        command = typer.main.get_command(app)
        while isinstance(command, click.Group):
            command = command.commands[arguments.pop(0)]
        command.make_context(name, arguments)
        return
    assert (program, arguments.pop(0)) == ("python", "-m")
    receiver = importlib.import_module(arguments[0])
    (kind,) = (thing for thing in vars(receiver).values() if getattr(thing, "name", None) == name)
    started: list[Any] = []
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(consumer, "_serve", started.append)
    monkeypatch.setattr("asyncio.run", lambda _: None)
    consumer.main(kind)
    assert isinstance(started[0], kind)


@pytest.mark.parametrize("name", OURS)
def test_variables_are_settings_and_agree(name: str) -> None:
    settings = settings_of(OURS[name])
    assert (settings.partitions, settings.replication) == (Settings().partitions, 1)
    inside = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert f"INSIDE://{settings.bootstrap_servers}," in inside


def test_each_worker_has_a_name_and_a_folder_of_its_own() -> None:
    names = {settings_of(service).instance_id for service in WORKERS.values()}
    folders = {volume for service in WORKERS.values() for volume in service["volumes"]}
    assert len(names) == len(folders) == len(WORKERS) == 2
    home = re.search(r"METERWATCH_STATE_DIR=(\S+)", DOCKERFILE)
    assert home is not None
    assert {folder.split(":")[1] for folder in folders} == {home[1]}


def test_prometheus_finds_every_worker() -> None:
    (job,) = (job for job in read("grafana/prometheus/prometheus.yml")["scrape_configs"] if "dns_sd_configs" in job)
    (look,) = job["dns_sd_configs"]
    assert look["names"] == list(WORKERS)
    for service in WORKERS.values():
        settings = settings_of(service)
        assert (settings.health_host, settings.health_port) == ("0.0.0.0", look["port"])  # noqa: S104
        assert f":{look['port']}/readyz" in service["healthcheck"]["test"][-1]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    for mount in SERVICES[name].get("volumes", ()):
        source, target, *mode = mount.split(":")
        if source.startswith("."):
            assert (ROOT / source).exists(), mount
            assert mode == ["ro"], mount
        else:
            assert source in COMPOSE["volumes"], mount
        assert target.startswith("/")


def test_every_volume_is_mounted() -> None:
    mounted = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())}
    assert set(COMPOSE["volumes"]) <= mounted


def test_programs_read_what_is_mounted() -> None:
    mounts = {
        (name, mount.split(":")[1]): mount.split(":")[0]
        for name, service in SERVICES.items()
        for mount in service.get("volumes", ())
    }
    for name in ("prometheus", "alertmanager"):
        (config,) = (a.split("=", 1)[1] for a in SERVICES[name]["command"] if a.startswith("--config.file="))
        source = mounts.get((name, config)) or f"{mounts[name, str(Path(config).parent)]}/{Path(config).name}"
        assert (ROOT / source).is_file()
    for rules in read("grafana/prometheus/prometheus.yml")["rule_files"]:
        assert (ROOT / mounts["prometheus", "/etc/prometheus"] / rules).is_file()
    (provider,) = read("grafana/provisioning/dashboards/meterwatch.yml")["providers"]
    assert list((ROOT / mounts["grafana", provider["options"]["path"]]).glob("*.json"))


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag)
    expected = {"apache/kafka": KAFKA, "meterwatch": PROJECT["project"]["version"]}
    assert tag == expected.get(image, tag)
    assert image != "grafana/grafana" or tag.startswith("11.6.")


@pytest.mark.parametrize("name", SERVICES)
def test_services_wait_for_what_can_be_waited_for(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        wanted = {"service_healthy": "healthcheck", "service_completed_successfully": "command"}[how["condition"]]
        assert wanted in SERVICES[other]
        assert set(SERVICES[other].get("profiles", ())) <= set(SERVICES[name].get("profiles", ()))


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_secret_and_nothing_open_to_others(name: str) -> None:
    service = SERVICES[name]
    secret = re.compile("PASSWORD|SECRET|TOKEN|CREDENTIAL")
    assert [variable for variable in service.get("environment", ()) if secret.search(variable)] == []
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_nothing(name: str) -> None:
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])  # noqa: S108
    assert "\nUSER 10001:10001\n" in DOCKERFILE


def test_the_image_has_every_package() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = [
        line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY") and "--from" not in line
    ]
    sources = {name for names in copied for name in names if not name.startswith("--")}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(packages) <= sources
    assert all(any(fnmatch.fnmatch(name, f"{top}*") for top in let_in) for name in sources)
    assert all((ROOT / name).exists() for name in sources)


def test_the_image_has_the_versions_that_are_tested() -> None:
    pin = re.compile(r"^([\w.-]+==[^\s;]+)", re.MULTILINE)
    tested = set(pin.findall((ROOT / "requirements.lock").read_text()))
    image = set(pin.findall((ROOT / "requirements-image.lock").read_text()))
    assert image
    assert image <= tested, "run `make lock`"
    names = {name.partition("==")[0] for name in image}
    needed = {re.split(r"[^\w.-]", text)[0] for text in PROJECT["project"]["dependencies"]}
    assert needed <= names


def test_alerts_are_routed_by_severities_and_names_there_are() -> None:
    groups = read("grafana/prometheus/alerts.yml")["groups"]
    alerts = {rule["alert"]: rule["labels"]["severity"] for group in groups for rule in group["rules"]}
    told = read("grafana/alertmanager.yml")
    routed = set(re.findall(r'severity = "(\w+)"', str(told["route"])))
    assert routed == set(alerts.values()) - {"info"}
    named = {
        name for text in re.findall(r'alertname =~ "([^"]+)"', str(told["inhibit_rules"])) for name in text.split("|")
    }
    assert named
    assert named <= set(alerts)
    receivers = {receiver["name"] for receiver in told["receivers"]}
    assert {told["route"]["receiver"], *(route["receiver"] for route in told["route"]["routes"])} == receivers


def test_docker_reads_it() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("`docker compose` is not on this machine; everything else about the file is tested above")
    profiles = ["--profile", "simulation", "--profile", "two-workers"]
    done = subprocess.run(
        [docker, "compose", *profiles, "config", "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
