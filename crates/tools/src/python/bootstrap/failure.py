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
