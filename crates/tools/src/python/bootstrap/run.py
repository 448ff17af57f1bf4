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
    credentials = job["credentials"]
    sys.argv = [NAME]
    job = None
    try:
        names = namespace(source)
        exec(compile(source, NAME, "exec"), names)
        main = names.get("main")
        result = settled(call(main, data, credentials)) if callable(main) else names.get("result")
        tag, text = b"R", encoded(result, limit)
    except BaseException as error:
        tag, text = b"E", dumps(described(error, source)).encode("utf-8", "replace")
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
