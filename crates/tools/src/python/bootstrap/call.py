def coerced(value):
    # v1 playbooks pass maps and lists as rendered text; `main` gets them as what they are.
    if isinstance(value, str):
        text = value.strip()
        if text[:1] + text[-1:] in ("{}", "[]"):
            import json

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


def call(main, data, credentials):
    takes = Parameters(main)
    names = takes.positional + takes.named
    if not names and not takes.takes_any:
        return main()
    if data is None:
        data = {}
    held = [name for name in names if credentials and name in ("auth", "credentials")]
    if not isinstance(data, dict):
        if len(names) == 2 and len(held) == 1 and held[0] in takes.named and not takes.positional:
            names.remove(held[0])
            return main(**{names[0]: data, held[0]: credentials})
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
        elif name in held:
            chosen[name] = credentials
        elif name in ("input_data", "context"):
            chosen[name] = data
        elif len(names) - len(held) == 1 and name in WHOLE and not takes.takes_any:
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
