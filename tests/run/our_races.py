"""Of ThreadSanitizer's reports in a folder, prints those where one of the two accesses is the addon's: our_races.py FOLDER

Node is not instrumented, so V8's and libuv's own orderings are unknown to the sanitizer and it reports them as races. An access is
ours when its innermost frame, apart from the sanitizer's interceptors and the C and C++ libraries, is in intentgate.node."""
import pathlib
import re
import sys

LIBRARIES = ("libtsan.so", "libc.so", "libstdc++.so", "libgcc_s.so", "ld-linux")
FRAME = re.compile(r"^\s+#\d+ .*\((\S+?)\+0x[0-9a-f]+\)", re.MULTILINE)


def is_ours(stack: str) -> bool:
    modules = (module for module in FRAME.findall(stack) if not module.startswith(LIBRARIES))
    return next(modules, "").endswith("intentgate.node")


def main() -> int:
    reports = [report for file in sorted(pathlib.Path(sys.argv[1]).iterdir())
               for report in file.read_text(errors="replace").split("WARNING: ThreadSanitizer: ")[1:]]
    ours = [report for report in reports if any(is_ours(stack) for stack in re.split(r"\n\n", report)[:2])]
    print("\n".join(ours))
    print(f"# {len(reports)} reports, {len(ours)} of them with an access of ours")
    return 1 if ours else 0


if __name__ == "__main__":
    sys.exit(main())
