"""Runs a tool server and writes down what it is told: python recorded.py FILE COMMAND..."""
import subprocess
import sys

server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE)
with open(sys.argv[1], "ab", buffering=0) as record:
    for line in sys.stdin.buffer:
        record.write(line)
        server.stdin.write(line)
        server.stdin.flush()
server.stdin.close()
sys.exit(server.wait())
