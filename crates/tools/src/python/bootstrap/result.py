# Digits become 0, everything else a space.
DIGITS = bytes(48 if 48 <= byte < 58 else 32 for byte in range(256))


def encoded(result, limit):
    try:
        text = dumps(result).encode()
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
    if b"0" * 19 in text.translate(DIGITS):
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
