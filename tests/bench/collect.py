"""Turns a benchmark's lines `name unit value [settings...]` on standard input into rows of the file named. A line
`name peer:OTHER value` adds to the row of that name what OTHER reached in the same run, in the same unit."""
import json
import sys

rows = {}
for line in sys.stdin:
    fields = line.split(maxsplit=3)
    if len(fields) < 3 or "." not in fields[0]:
        print(line, end="")
        continue
    if fields[1].startswith("peer:"):
        rows[fields[0]]["peers"][fields[1][len("peer:"):]] = float(fields[2])
        continue
    settings = fields[3].strip() if len(fields) > 3 else ""
    rows[fields[0]] = {"name": fields[0], "unit": fields[1], "value": float(fields[2]), "peers": {}, "settings": settings}
with open(sys.argv[1], "a", encoding="utf-8") as out:
    for row in rows.values():
        out.write(json.dumps(row) + "\n")
