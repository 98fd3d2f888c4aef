"""Validates OCSF events, one JSON object a line, against the published schema.

Usage: validate.py VERSION FILE. Prints each fault with its line and closes with `N passed, N failed`.

The schema comes from the PyPI package ocsf-json-schema, which carries the compiled schemas up to 1.8.0 and turns a
class with its profiles into JSON Schema 2020-12; jsonschema does the rest. Two rules of OCSF that JSON Schema does not
carry are checked here: the text beside an enumeration's number is its caption (any text for 99), and
type_uid = class_uid * 100 + activity_id.

No package carries the compiled schema of 1.9.0. Its events are held against 1.8.0 with the additions below,
which were written down from the definitions at github.com/ocsf/ocsf-schema. What 1.9.0 changed elsewhere
is not checked.
"""
import json
import pathlib
import sys

import jsonschema
import ocsf_json_schema

PACKAGED = pathlib.Path(ocsf_json_schema.__file__).parent / "ocsf" / "1.8.0.json"
OTHER = 99


def attribute(kind: str, required: bool = False, profile: str = "", array: bool = False, enum: dict | None = None,
              sibling: str = "") -> dict:
    made = {"caption": kind, "requirement": "required" if required else "optional"}
    if kind.endswith("_t"):
        made["type"] = kind
    else:
        made.update(type="object_t", object_type=kind)
    if array:
        made["is_array"] = True
    if profile:
        made["profiles"] = [profile]
    if enum:
        made["enum"] = {str(number): {"caption": caption} for number, caption in enum.items()}
        made["sibling"] = sibling
    return made


# What 1.9.0 adds and our events use.
ADDED_OBJECTS = {
    "prev_event": ({"uid": attribute("string_t", True), "type_uid": attribute("long_t"),
                    "fingerprint": attribute("fingerprint")}, {}),
    "attestation": ({"uid": attribute("string_t"), "authority_uid": attribute("string_t"),
                     "chain_uid": attribute("string_t"), "fingerprint": attribute("fingerprint"),
                     "prev_event": attribute("prev_event"), "signatures": attribute("digital_signature", array=True)},
                    {"at_least_one": ["fingerprint", "signatures"]}),
    "ai_agent": ({"uid": attribute("string_t", True), "name": attribute("string_t"),
                  "instance_uid": attribute("string_t"), "version": attribute("string_t"),
                  "ai_model": attribute("ai_model"), "type": attribute("string_t"),
                  "type_id": attribute("integer_t", sibling="type", enum={
                      0: "Unknown", 1: "Native", 2: "LangChain", 3: "AutoGen", 4: "CrewAI", OTHER: "Other"})}, {}),
    "delegation": ({"uid": attribute("string_t", True), "parent_uid": attribute("string_t"),
                    "issuer_uid": attribute("string_t"), "audience": attribute("string_t"),
                    "scopes": attribute("string_t", array=True), "created_time": attribute("timestamp_t"),
                    "expiration_time": attribute("timestamp_t")}, {}),
}
ADDED_TO_OBJECTS = {
    "actor": {"application": attribute("application")},
    "fingerprint": {"encoding_id": attribute("integer_t"), "encoding": attribute("string_t"),
                    "serialization_id": attribute("integer_t"), "serialization": attribute("string_t")},
}
ADDED_TO_CLASSES = {
    "": {"attestation_list": attribute("attestation", profile="record_integrity", array=True)},
    "api_activity": {"ai_agent": attribute("ai_agent", profile="ai_operation"),
                     "delegation": attribute("delegation", profile="ai_operation")},
}


def load(version: str) -> dict:
    schema = json.loads(PACKAGED.read_text())
    if version == schema["version"]:
        return schema
    for name, (attributes, constraints) in ADDED_OBJECTS.items():
        assert name not in schema["objects"], f"{name} is in the package; use it from there"
        schema["objects"][name] = {"name": name, "caption": name, "attributes": attributes, "constraints": constraints}
    for name, attributes in ADDED_TO_OBJECTS.items():
        schema["objects"][name]["attributes"].update(attributes)
    for name, made in schema["classes"].items():
        made["attributes"].update(ADDED_TO_CLASSES[""])
        made["attributes"].update(ADDED_TO_CLASSES.get(name, {}))
    return schema


class Validator:
    def __init__(self, version: str) -> None:
        self.version, self.schema = version, load(version)
        self.json_schemas = ocsf_json_schema.OcsfJsonSchemaEmbedded(self.schema)
        self.names = {made["uid"]: name for name, made in self.schema["classes"].items()}
        self.compiled: dict = {}

    def faults(self, event: dict) -> list[str]:
        name = self.names.get(event.get("class_uid"))
        if name is None:
            return [f"no class {event.get('class_uid')}"]
        metadata = event.get("metadata", {})
        found = [] if metadata.get("version") == self.version else [f"metadata.version is {metadata.get('version')}"]
        profiles = tuple(metadata.get("profiles", []))
        unknown = set(profiles) - set(self.schema["profiles"]) - ({"record_integrity"} if self.version == "1.9.0" else set())
        found += [f"no profile {profile}" for profile in sorted(unknown)]
        if (name, profiles) not in self.compiled:
            self.compiled[name, profiles] = jsonschema.Draft202012Validator(
                self.json_schemas.get_class_schema(name, list(profiles)))
        found += [f"{error.json_path}: {error.message}" for error in self.compiled[name, profiles].iter_errors(event)]
        if event.get("type_uid") != event["class_uid"] * 100 + event.get("activity_id", -1):
            found.append(f"type_uid is {event.get('type_uid')}")
        return found + list(self.siblings(event, self.schema["classes"][name]["attributes"], "$"))

    def siblings(self, value: dict, attributes: dict, path: str):
        """A text beside a number of an enumeration is its caption; beside 99 it is mandatory."""
        for name, member in value.items():
            known = attributes.get(name)
            if known is None:
                continue
            enum, sibling = known.get("enum"), known.get("sibling")
            if enum and sibling:
                said, caption = value.get(sibling), enum.get(str(member), {}).get("caption")
                if member == OTHER and not said:
                    yield f"{path}.{name} is 99 and {sibling} is not there"
                if member != OTHER and said is not None and said != caption:
                    yield f"{path}.{sibling} is {said!r} beside {member}, not {caption!r}"
            inner = self.schema["objects"].get(known.get("object_type", ""))
            if inner is None:
                continue
            for item in member if isinstance(member, list) else [member]:
                if isinstance(item, dict):
                    yield from self.siblings(item, inner["attributes"], f"{path}.{name}")


def main() -> int:
    validator, passed, failed = Validator(sys.argv[1]), 0, 0
    with open(sys.argv[2], encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            faults = validator.faults(json.loads(line))
            failed, passed = failed + bool(faults), passed + (not faults)
            for fault in faults:
                print(f"{sys.argv[2]}:{number}: {fault}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
