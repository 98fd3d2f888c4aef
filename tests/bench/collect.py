"""Turns a benchmark's lines `name unit value [settings...]` on standard input into rows of the file named."""
import json
import sys

with open(sys.argv[1], "a", encoding="utf-8") as out:
    for line in sys.stdin:
        fields = line.split(maxsplit=3)
        if len(fields) < 3 or "." not in fields[0]:
            print(line, end="")
            continue
        settings = fields[3].strip() if len(fields) > 3 else ""
        row = {"name": fields[0], "unit": fields[1], "value": float(fields[2]), "peers": {}, "settings": settings}
        out.write(json.dumps(row) + "\n")
