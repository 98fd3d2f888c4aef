"""A tool server on standard input and output that tells what it got, in plain Python: tools env, echo, progress, hold, die."""
import json
import os
import sys
import threading

lock = threading.Lock()


def send(message):
    with lock:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def result(call_id, value):
    send({"jsonrpc": "2.0", "id": call_id, "result": {"content": [{"type": "text", "text": json.dumps(value)}], "isError": False}})


held = {}
print("the program begins", file=sys.stderr, flush=True)
print("a greeting where none belongs", flush=True)
for line in sys.stdin:
    message = json.loads(line)
    method, call_id, params = message.get("method"), message.get("id"), message.get("params", {})
    if method == "initialize":
        send({"jsonrpc": "2.0", "id": call_id, "result": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                                                         "serverInfo": {"name": "program", "version": "1"}}})
    elif method == "tools/list":
        names = ["read_env", "read_echo", "read_progress", "read_hold", "read_held", "read_die"]
        send({"jsonrpc": "2.0", "id": call_id, "result": {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in names]}})
    elif method == "notifications/cancelled":
        held[params["requestId"]] = "cancelled"
    elif method == "tools/call":
        name = params["name"]
        if name == "read_env":
            result(call_id, {"environment": dict(os.environ), "pid": os.getpid(), "open": sorted(os.listdir("/proc/self/fd"))})
        elif name == "read_echo":
            result(call_id, params.get("arguments"))
        elif name == "read_progress":
            for step in (1, 2, 3):
                send({"jsonrpc": "2.0", "method": "notifications/progress",
                      "params": {"progressToken": params["_meta"]["progressToken"], "progress": step}})
            result(call_id, "done")
        elif name == "read_hold":
            held[call_id] = "held"
        elif name == "read_held":
            result(call_id, list(held.values()))
        elif name == "read_die":
            os._exit(3)
    elif call_id is not None:
        send({"jsonrpc": "2.0", "id": call_id, "error": {"code": -32601, "message": "no such method"}})
