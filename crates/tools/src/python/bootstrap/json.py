# JSON without the json package, which loads `re` and with it takes longer than starting python. The C parts it is
# made of are used directly; where they are not to be had, the package is.
def loads(text):
    try:
        from _json import make_scanner

        class Context:
            strict = True
            object_hook = object_pairs_hook = None
            parse_float, parse_int, parse_constant = float, int, None

        scan = make_scanner(Context)
    except Exception:
        import json

        return json.loads(text)
    return scan(text, 0)[0]


def dumps(value):
    try:
        from _json import encode_basestring, make_encoder

        encode = make_encoder({}, no_json, encode_basestring, None, ":", ",", False, False, False)
    except Exception:
        import json

        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return "".join(encode(value, 0))


def no_json(value):
    raise TypeError("an object of type %s is no JSON" % type(value).__name__)
