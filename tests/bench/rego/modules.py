"""Writes a policy of many modules for the compiler's benchmark: modules.py FOLDER MODULES LINES.

Modules of one package each, with functions, partial sets and objects, and references between packages, as generated and
hand-written policies of organisations have them. Everything is made by arithmetic."""
import os
import sys

RULE = """deny contains message if {{
    some container in input.request.object.spec.containers
    container.image == "registry-{n}.example/app:{k}"
    not exempt_{k}(container)
    message := sprintf("container %v of module {n} runs image %v", [container.name, container.image])
}}

exempt_{k}(container) if {{
    some label, value in input.request.object.metadata.labels
    startswith(label, "exempt-{k}")
    value == lookup_{k}[container.name].level
}}

lookup_{k}[name] := {{"level": level, "index": {k}}} if {{
    some name, entry in data.exemptions
    level := entry.levels[{k}]
    level > {n} % 7
}}

limit_{k} := total if {{
    values := [v.cpu | some v in input.request.object.spec.containers; v.cpu > {k}]
    total := sum(values) + {n}
}} else := data.defaults.limit_{k}
"""
LINES_OF_RULE = RULE.count("\n")


def module(number, lines, modules):
    out = ["package org.team{0}.policy{1}".format(number % 40, number), "", "import data.org.team{0}.policy{1} as other".format((number + 1) % modules % 40, (number + 1) % modules), ""]
    # References between packages run one way, so that nothing is recursive.
    if number + 1 < modules:
        out += ["inherited := count(other.deny)", ""]
    for k in range(max(1, -(-(lines - len(out)) // LINES_OF_RULE))):
        out.append(RULE.format(n=number, k=k))
    return "\n".join(out)


def main():
    folder, modules, lines = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.makedirs(folder, exist_ok=True)
    total = 0
    for number in range(modules):
        text = module(number, lines // modules, modules)
        total += text.count("\n") + 1
        with open(os.path.join(folder, "policy%d.rego" % number), "w", encoding="utf-8") as handle:
            handle.write(text)
    print("%d modules, %d lines" % (modules, total))


if __name__ == "__main__":
    main()
