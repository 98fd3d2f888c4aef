"""Holds the includes against the picture in docs/design/architecture.md. Prints every break as file:line.

Usage: layering.py ROOT
"""
import pathlib
import re
import sys

# The table is the drawing: a module may include itself, the public headers and these.
ALLOWED = {
    "base": "",
    "json": "base",
    "crypto": "base json",
    "token": "crypto json base",
    "rego": "crypto json base",
    "policy": "rego crypto json base",
    "intent": "crypto json base",
    "budget": "base",
    "approval": "crypto base",
    "tlog": "crypto base",
    "audit": "tlog crypto json base",
    "evidence": "audit tlog crypto json base",
    "fetch": "base",
    "gate": "token policy intent budget approval audit tlog crypto json base",
    "store": "token policy budget approval audit tlog json crypto base",
    "settings": "json base",
    "open": "evidence gate store settings fetch intent policy budget approval audit tlog token crypto json base",
    "capi": "",
    "net": "base",
    "http": "net base",
    "telemetry": "http json base",
    "config": "telemetry http net crypto json base",
    "oauth": "http net json telemetry config crypto base",
    "mcp": "oauth http net json telemetry config crypto base",
    "admin": "http net json telemetry config crypto base",
    "cli": "",
    "app": "admin mcp oauth cli fetch config telemetry http net json crypto base",
}
PUBLIC_ONLY = {"bindings", "examples"}
THIRD_PARTY = {
    # header prefix -> the places that may see it
    r"openssl/": ["libintentgate/crypto/", "server/net/tls", "libintentgate/rego/builtins/"],
    r"simdjson": ["libintentgate/json/"],
    r"asio[./]": ["server/net/"],
    r"sqlite3": ["libintentgate/store/sqlite/"],
    r"libpq": ["libintentgate/store/postgres/"],
    r"curl/": ["libintentgate/fetch/"],
    r"zlib\.h": ["libintentgate/rego/bundle/gunzip.cc", "libintentgate/rego/bundle/write.cc"],
    r"yaml-cpp/": ["libintentgate/settings/", "libintentgate/rego/builtins/", "server/config/"],
    r"CLI/": ["server/cli/"],
    r"re2/": ["libintentgate/token/constraints/", "libintentgate/rego/builtins/", "libintentgate/rego/tools/"],
    r"spdlog/": ["server/telemetry/"],
    r"absl/strings/": [],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')


def module_of(path: pathlib.PurePosixPath) -> str:
    parts = path.parts
    if parts[0] in PUBLIC_ONLY:
        return parts[0]
    return parts[1] if parts[0] in ("libintentgate", "server") else ""


def problems(root: pathlib.Path):
    files = [p for top in ("libintentgate", "server", "bindings", "examples") for p in (root / top).rglob("*")
             if p.suffix in (".h", ".cc", ".cpp") and "node_modules" not in p.parts and "build" not in p.parts]
    for file in sorted(files):
        path = pathlib.PurePosixPath(file.relative_to(root).as_posix())
        module = module_of(path)
        public_header = path.is_relative_to("libintentgate/include")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match[1]
            first = target.split("/")[0]
            for prefix, places in THIRD_PARTY.items():
                if re.match(prefix, target) and not any(str(path).startswith(place) for place in places):
                    yield f"{path}:{number}: {target} may not be seen here"
            if first == "intentgate":
                continue
            if public_header and first in ALLOWED:
                yield f"{path}:{number}: a public header may include only std and <intentgate/...>"
            elif module in PUBLIC_ONLY and first in ALLOWED and not file.with_name(target.split('/')[-1]).exists():
                yield f"{path}:{number}: {module} may include only the public headers"
            elif first in ALLOWED and module in ALLOWED and first != module and first not in ALLOWED[module].split():
                yield f"{path}:{number}: {module} may not include {first}"


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    found = list(problems(root))
    print("\n".join(found))
    print(f"{0 if found else 1} passed, {len(found)} failed")
    return 1 if found else 0


sys.exit(main())
