# Runs one python step. Stdlib only, python >= 3.8.
#
# stdin carries one job (its length in decimal, a newline, that many bytes of JSON) and then stays open for as
# long as whoever started us lives. The answer goes to the file the job names: "R" and the result as JSON, or "E"
# and {"code", "message", "details"}. stdout and stderr are the step's own.
import json
import os
import sys

NAME = "playbook"
WHOLE = ("input_data", "data", "payload", "input", "inputs", "args", "params", "context", "ctx", "event", "workload")
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
    return json.loads(b"".join(parts))


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
    import signal

    alive = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(alive, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(alive, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(alive, fcntl.F_SETFL, fcntl.fcntl(alive, fcntl.F_GETFL) | os.O_ASYNC)
        import select

        poll = select.poll()
        poll.register(alive, select.POLLIN)
        if poll.poll(0):
            os.killpg(0, signal.SIGKILL)
    else:
        import threading

        def watch():
            os.read(alive, 1)
            os.killpg(0, signal.SIGKILL)

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
    if limits.get("processes"):
        lower(resource.RLIMIT_NPROC, limits["processes"])


class SitePackages:
    # Installed packages are looked for only when an import needs them: setting them up costs more than python itself.
    def find_spec(self, name, path=None, target=None):
        sys.meta_path.remove(self)
        import importlib.machinery
        import site

        site.main()
        return importlib.machinery.PathFinder.find_spec(name, path, target)


def namespace(source):
    import types

    module = types.ModuleType(NAME)
    sys.modules[NAME] = module
    names = module.__dict__
    names["os"] = os
    names["json"] = json
    for extra in ("datetime", "uuid"):
        if extra in source:
            names[extra] = __import__(extra)
    return names


def coerced(value):
    # v1 playbooks pass maps and lists as rendered text; `main` gets them as what they are.
    if isinstance(value, str):
        text = value.strip()
        if text[:1] + text[-1:] in ("{}", "[]"):
            try:
                return json.loads(text)
            except ValueError:
                pass
            except RecursionError:
                return value
            if len(text) > 65536:
                return value
            try:
                import ast

                return ast.literal_eval(text)
            except Exception:
                pass
    return value


class Parameters:
    # What `main` takes. Plain functions are read directly: importing inspect costs as much as starting python.
    def __init__(self, main):
        code = getattr(main, "__code__", None)
        if type(main).__name__ == "function" and not hasattr(main, "__wrapped__"):
            count = code.co_argcount
            names = code.co_varnames
            only = code.co_posonlyargcount
            optional = len(main.__defaults__ or ())
            self.positional = list(names[:only])
            self.named = list(names[only : count + code.co_kwonlyargcount])
            self.required = set(names[: count - optional])
            self.required.update(set(names[count : count + code.co_kwonlyargcount]) - set(main.__kwdefaults__ or ()))
            self.takes_any = bool(code.co_flags & 0x08)
        else:
            import inspect

            kinds = inspect.Parameter
            found = inspect.signature(main).parameters.values()
            self.positional = [p.name for p in found if p.kind == kinds.POSITIONAL_ONLY]
            self.named = [p.name for p in found if p.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)]
            self.required = set(
                p.name
                for p in found
                if p.default is kinds.empty and p.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)
            )
            self.takes_any = any(p.kind == kinds.VAR_KEYWORD for p in found)


def call(main, data):
    takes = Parameters(main)
    names = takes.positional + takes.named
    if not names and not takes.takes_any:
        return main()
    if data is None:
        data = {}
    if not isinstance(data, dict):
        if len(names) == 1:
            return main(data) if names[0] in takes.positional else main(**{names[0]: data})
        raise Refused(
            "python_arguments",
            "`main` takes %s, but the step's data is %s and not a map" % (listed(names), type(data).__name__),
        )
    data = {key: coerced(value) for key, value in data.items()}
    chosen = {}
    for name in names:
        if name in data:
            chosen[name] = data[name]
        elif name in ("input_data", "context"):
            chosen[name] = data
        elif len(names) == 1 and name in WHOLE and not takes.takes_any:
            chosen[name] = data
        elif name in takes.required:
            raise Refused(
                "python_arguments",
                "`main` needs the parameter `%s`, but the step's data has %s; pass it in the step's `data`"
                " or on the arc that leads here, or give the parameter a default" % (name, listed(data)),
            )
    first = []
    for name in takes.positional:
        if name not in chosen:
            break
        first.append(chosen.pop(name))
    if takes.takes_any:
        for key, value in data.items():
            if key not in names:
                chosen[key] = value
    return main(*first, **chosen)


def listed(names):
    names = ["`%s`" % name for name in list(names)[:20]]
    return ", ".join(names) if names else "nothing"


def settled(result):
    if hasattr(result, "__await__"):
        import asyncio

        async def wait():
            return await result

        return asyncio.run(wait())
    return result


def encoded(result, limit):
    try:
        text = json.dumps(result, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except RecursionError:
        raise Refused("python_result", "the result is nested too deeply to be JSON, or contains itself")
    except (TypeError, ValueError) as error:
        raise Refused("python_result", misfit(result) or "the result cannot be JSON: %s" % error)
    if len(text) > limit:
        raise Refused(
            "result_too_large",
            "the result is %d bytes of JSON; the limit is %d bytes (4 MiB): return less, or write it to a file"
            " or a table and return where it is" % (len(text), limit),
        )
    import re

    if re.search(rb"[0-9]{19}", text):
        wrong = misfit(result)
        if wrong:
            raise Refused("python_result", wrong)
    return text


HINTS = {
    "bytes": "decode it",
    "bytearray": "decode it",
    "set": "make it a list",
    "frozenset": "make it a list",
    "datetime": "use .isoformat()",
    "date": "use .isoformat()",
    "time": "use .isoformat()",
    "timedelta": "use .total_seconds()",
    "Decimal": "use float() or str()",
    "UUID": "use str()",
    "generator": "make it a list",
    "dict_keys": "make it a list",
    "dict_values": "make it a list",
    "map": "make it a list",
    "ndarray": "use .tolist()",
    "DataFrame": "use .to_dict('records')",
}


def misfit(result):
    # The first part of the result that JSON has no word for, and where it is.
    left, seen = [("the result", result)], 0
    while left:
        where, value = left.pop()
        seen += 1
        if seen > 1000000:
            return None
        if value is None or isinstance(value, bool):
            continue
        if isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError:
                return "%s has a lone surrogate, which is no text; encode it with errors='replace'" % where
        elif isinstance(value, float):
            if value != value or value in (float("inf"), float("-inf")):
                return "%s is %s, which JSON has no word for; return None or a string" % (where, value)
        elif isinstance(value, int):
            if not -(1 << 63) <= value < (1 << 64):
                return "%s is an integer beyond 64 bits; return it as a string" % where
        elif isinstance(value, dict):
            for key, item in reversed(list(value.items())):
                if not isinstance(key, (str, int, float, bool, type(None))):
                    return "%s has a key of type %s; keys must be strings" % (where, type(key).__name__)
                try:
                    str(key).encode()
                except UnicodeEncodeError:
                    return "%s has a key with a lone surrogate, which is no text" % where
                left.append((("%s[%r]" % (where, key))[:300], item))
        elif isinstance(value, (list, tuple)):
            left.extend(("%s[%d]" % (where[:300], i), value[i]) for i in range(len(value) - 1, -1, -1))
        else:
            kind = type(value).__name__
            hint = HINTS.get(kind)
            return "%s is of type %s, which is no JSON%s" % (where, kind, "; " + hint if hint else "")
    return None


def line_of(error):
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == NAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    if line is None and isinstance(error, SyntaxError) and error.filename == NAME:
        line = error.lineno
    return line


def own_trace(trace):
    # Without the frames of this file.
    while trace is not None and trace.tb_frame.f_code.co_filename != NAME:
        trace = trace.tb_next
    return trace


def described(error, source):
    if isinstance(error, Refused):
        return {"code": error.code, "message": error.message}
    line = line_of(error)
    at = " (line %d)" % line if line else ""
    if isinstance(error, SystemExit):
        return {
            "code": "python_exit",
            "message": "the code called sys.exit(%s) instead of returning a result%s"
            % ("" if error.code is None else repr(error.code)[:200], at),
        }
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except BaseException:
        text = "(its text cannot be had)"
    if len(text) > MESSAGE_CHARS:
        text = text[:MESSAGE_CHARS] + "…"
    report = {
        "code": "python_exception",
        "message": type(error).__name__ + (": " + text if text else "") + at,
    }
    if isinstance(error, MemoryError):
        # Let go of what filled the memory before anything else is tried.
        trace = error.__traceback__
        while trace is not None:
            try:
                trace.tb_frame.clear()
            except RuntimeError:
                pass
            trace = trace.tb_next
    try:
        import linecache
        import traceback

        linecache.cache[NAME] = (len(source), None, source.splitlines(True), NAME)
        trace = own_trace(error.__traceback__)
        lines = traceback.format_exception(type(error), error, trace)
        details = "".join(lines)
        if len(details) > DETAILS_CHARS:
            details = details[: DETAILS_CHARS // 2] + "\n…\n" + details[-DETAILS_CHARS // 2 :]
        report["details"] = details
    except BaseException:
        pass
    return report


def answer(fd, tag, text):
    view = memoryview(tag + text)
    while view:
        view = view[os.write(fd, view) :]


def run():
    job = read_job()
    close_inherited()
    die_with_starter()
    out = os.open(job["answer"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    starter = os.getpid()
    set_limits(job["limits"])
    sys.meta_path.append(SitePackages())
    import builtins

    builtins.exit = builtins.quit = sys.exit
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    source, data, limit = job["code"], job["input"], job["result_bytes"]
    sys.argv = [NAME]
    job = None
    try:
        names = namespace(source)
        exec(compile(source, NAME, "exec"), names)
        main = names.get("main")
        result = settled(call(main, data)) if callable(main) else names.get("result")
        tag, text = b"R", encoded(result, limit)
    except BaseException as error:
        tag, text = b"E", json.dumps(described(error, source), ensure_ascii=True).encode()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
    # A child that the code forked and that ran on to here has nothing to report.
    if os.getpid() == starter:
        answer(out, tag, text)
    os._exit(0)


run()
