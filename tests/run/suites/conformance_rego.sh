#!/usr/bin/env bash
# OPA's own conformance cases against the Rego engine.
exec bash tests/conformance/rego.sh
