# Runs one python step. Stdlib only, python >= 3.8.
#
# stdin carries one job (its length in decimal, a newline, that many bytes of JSON) and then stays open for as
# long as whoever started us lives. The answer goes to the file the job names: "R" and the result as JSON, or "E"
# and {"code", "message", "details"}. stdout and stderr are the step's own.
import os
import sys

NAME = "playbook"
WHOLE = ("input_data", "data", "payload", "input", "inputs", "args", "params", "context", "ctx", "event", "workload")
SIGKILL = 9
MESSAGE_CHARS = 2000
DETAILS_CHARS = 16384


class Refused(Exception):
    def __init__(self, code, message):
        Exception.__init__(self, message)
        self.code = code
        self.message = message


def read_job():
    head = b""
    while not head.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            os._exit(0)
        head += byte
    missing, parts = int(head), []
    while missing:
        part = os.read(0, min(missing, 1 << 20))
        if not part:
            os._exit(0)
        missing -= len(part)
        parts.append(part)
    return loads(b"".join(parts).decode())


def close_inherited():
    # Files our starter was given without close-on-exec are none of the step's business.
    try:
        for fd in os.listdir("/proc/self/fd"):
            if int(fd) > 2:
                try:
                    os.close(int(fd))
                except OSError:
                    pass
    except OSError:
        os.closerange(3, 256)


def die_with_starter():
    # The kernel kills our whole process group when the other end of stdin closes, whatever we are busy with.
    import fcntl

    alive = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(alive, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(alive, fcntl.F_SETSIG, SIGKILL)
        fcntl.fcntl(alive, fcntl.F_SETFL, fcntl.fcntl(alive, fcntl.F_GETFL) | os.O_ASYNC)
        import select

        poll = select.poll()
        poll.register(alive, select.POLLIN)
        if poll.poll(0):
            os.killpg(0, SIGKILL)
    else:
        import threading

        def watch():
            os.read(alive, 1)
            os.killpg(0, SIGKILL)

        threading.Thread(target=watch, daemon=True).start()


def set_limits(limits):
    import resource

    def lower(kind, value):
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            pass

    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_FSIZE, limits["file_bytes"])
    lower(resource.RLIMIT_DATA, limits["memory_bytes"])
    lower(resource.RLIMIT_AS, 2 * limits["memory_bytes"])
