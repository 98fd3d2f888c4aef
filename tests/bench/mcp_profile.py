"""Puts an instrumented gateway and pass-through under each kind of load, and ends them, so that they write their profiles (cmake/optimize.sh).

Usage: mcp_profile.py PROGRAMS GATEWAY PASS_THROUGH, where PROGRAMS is the folder of mcp_load. Takes half a minute.
"""
import pathlib
import shutil
import sys
import tempfile

from mcp_processes import META, Bench, hello, message

SECONDS, RATE, TIMES = 2, 4000, 300


def other_calls(bench):
    """What mcp_load does not send: sessions, lists, the modern era, refusals, what is no message."""
    connection, head = bench.post(hello(), "")
    connection.close()
    session = next(line for line in head.decode().split("\r\n") if line.lower().startswith("mcp-session-id:"))
    legacy = f"{session}\r\nMCP-Protocol-Version: 2025-11-25\r\n"
    modern = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {}\r\n"
    inside, outside = {"path": "/data/q3/a.csv"}, {"path": "/etc/passwd"}
    requests = [(message("tools/call", name="read_file", arguments=inside), legacy), (message("tools/list"), legacy),
                (message("tools/call", name="read_file", arguments=outside), legacy), (message("tools/call", name="write_file", arguments=inside), ""),
                (message("tools/call", name="read_file", arguments=inside, _meta=META), modern.format("tools/call") + "Mcp-Name: read_file\r\n"),
                (message("tools/list", _meta=META), modern.format("tools/list")), (message("server/discover", _meta=META), modern.format("server/discover")),
                ("{", "")]
    for _ in range(TIMES):
        for body, fields in requests:
            connection, head = bench.post(body, fields)
            connection.close()
            if head.startswith(b"HTTP/1.1 5"):
                raise SystemExit(f"the gateway failed at {body}: {head.decode()}")


def main():
    programs, gateway, passthrough = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    folder = pathlib.Path(tempfile.mkdtemp(dir=gateway.parent))
    bench = Bench(programs, folder, gateway, passthrough, SECONDS)
    try:
        bench.start()
        bench.allows_calls()
        for connections, rate in ((32, 0), (1, RATE)):
            bench.load(bench.through, bench.token, connections, rate)
            bench.load(bench.between, "", connections, rate)
        other_calls(bench)
        bench.idle()
        bench.change_to_durable()
        bench.load(bench.through, bench.token)
    finally:
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


sys.exit(main())
