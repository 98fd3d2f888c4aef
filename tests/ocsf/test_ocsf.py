"""Our OCSF events against the published schema, and the proof that the validator bites."""
import copy
import json
import os
import pathlib
import subprocess
import sys

import pytest
from validate import Validator

BUILD = pathlib.Path(os.environ["INTENTGATE_BUILD"]).resolve()
SAMPLES = BUILD / "tests" / "ocsf" / "ocsf_samples"
VERSIONS = ["1.8.0", "1.9.0"]
RANDOM = int(os.environ.get("OCSF_RANDOM_EVENTS", "2000"))


def samples(version: str, count: int) -> list[dict]:
    run = subprocess.run([SAMPLES, version, str(count)], capture_output=True, text=True, check=True, timeout=120)
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.fixture(scope="module", params=VERSIONS)
def version(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def validator(version: str) -> Validator:
    return Validator(version)


def test_every_sort_of_event_is_valid(version: str, validator: Validator) -> None:
    events = samples(version, 0)
    assert {event["class_uid"] for event in events} == {6003, 3004, 6002}
    assert {event["unmapped"]["intentgate"]["kind"] for event in events} == {"genesis", "decision", "outcome", "admin", "control"}
    for event in events:
        assert validator.faults(event) == [], json.dumps(event)


def test_odd_events_are_valid(version: str, validator: Validator) -> None:
    for event in samples(version, RANDOM):
        assert validator.faults(event) == [], json.dumps(event)


def put(event: dict, path: str, value) -> None:
    *inner, last = path.split(".")
    for name in inner:
        event = event[int(name)] if name.isdigit() else event[name]
    if value is None:
        del event[last]
    else:
        event[last] = value


@pytest.mark.parametrize("path, value, words", [
    ("time", None, "'time' is a required property"),
    ("time", "2026-01-01", "is not of type 'integer'"),
    ("severity_id", 7, "7 is not one of"),
    ("action", "Refused", "action is 'Refused'"),
    ("disposition_id", 200, "200 is not one of"),
    ("actor", {}, "$.actor"),
    ("src_endpoint", {}, "$.src_endpoint"),
    ("src_endpoint.ip", "10.0.0", "does not match"),
    ("api.operation", None, "'operation' is a required property"),
    ("type_uid", 600301, "type_uid"),
    ("activity_name", None, "activity_name is not there"),
    ("metadata.product", None, "'product' is a required property"),
    ("metadata.profiles", [], "Additional properties are not allowed"),
    ("metadata.profiles", ["security_control", "ai_operation", "record_integrity", "no_such"], "no profile no_such"),
    ("metadata.version", "1.7.0", "metadata.version"),
    ("colour", "red", "Additional properties are not allowed"),
    ("class_uid", 6999, "no class 6999"),
])
def test_a_broken_event_is_refused(version: str, validator: Validator, path: str, value, words: str) -> None:
    good = next(event for event in samples(version, 0) if event.get("status_code") == "capability.token_expired")
    assert validator.faults(good) == []
    broken = copy.deepcopy(good)
    put(broken, path, value)
    assert any(words in fault for fault in validator.faults(broken)), validator.faults(broken)


@pytest.mark.parametrize("path, value, words", [
    ("delegation.uid", None, "'uid' is a required property"),
    ("attestation_list.0.fingerprint", None, "$.attestation_list[0]"),
    ("ai_agent.type", "Robot", "type is 'Robot'"),
])
def test_the_additions_of_1_9_0_are_held_too(path: str, value, words: str) -> None:
    validator = Validator("1.9.0")
    broken = next(event for event in samples("1.9.0", 0) if event.get("status_code") == "capability.token_expired")
    put(broken, path, value)
    assert any(words in fault for fault in validator.faults(broken)), validator.faults(broken)


def test_a_fingerprint_is_the_chain_hash_and_names_the_one_before() -> None:
    events = samples("1.9.0", 50)
    for before, event in zip(events, events[1:]):
        attestation = event["attestation_list"][0]
        assert attestation["prev_event"]["uid"] == before["metadata"]["uid"]
        assert attestation["prev_event"]["fingerprint"] == before["attestation_list"][0]["fingerprint"]
        assert attestation["fingerprint"]["value"] == event["unmapped"]["intentgate"]["hash"]


def test_the_command_refuses_a_broken_file(tmp_path: pathlib.Path) -> None:
    events = samples("1.8.0", 0)
    script = pathlib.Path(__file__).with_name("validate.py")
    file = tmp_path / "events.ndjson"
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert subprocess.run([sys.executable, script, "1.8.0", file], capture_output=True).returncode == 0
    del events[3]["metadata"]
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    run = subprocess.run([sys.executable, script, "1.8.0", file], capture_output=True, text=True)
    assert run.returncode == 1
    assert "events.ndjson:4" in run.stdout
