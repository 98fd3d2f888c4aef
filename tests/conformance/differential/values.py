"""Values of Rego in Python: JSON values, and sets. How they are drawn and how they are written."""
import json


class Set:
    def __init__(self, items):
        self.items = list(items)


class Number:
    """A number by its text, which may have more digits than a float."""

    def __init__(self, text):
        self.text = text


def write(value):
    """The literal."""
    if isinstance(value, Set):
        return "{%s}" % ", ".join(write(v) for v in value.items) if value.items else "set()"
    if isinstance(value, Number):
        return value.text
    if isinstance(value, list):
        return "[%s]" % ", ".join(write(v) for v in value)
    if isinstance(value, dict):
        return "{%s}" % ", ".join("%s: %s" % (write(k), write(v)) for k, v in value.items())
    return json.dumps(value, ensure_ascii=False)


def is_json(value):
    if isinstance(value, (Set, Number)):
        return False
    if isinstance(value, list):
        return all(is_json(v) for v in value)
    if isinstance(value, dict):
        return all(isinstance(k, str) and is_json(v) for k, v in value.items())
    return True


NUMBERS = [0, 1, 2, 3, -1, -2, 7, 10, 64, 0.5, 1.5, -2.5, 0.1, 100, 255, 1000000, 9007199254740993, 9223372036854775807, -9223372036854775808,
           18446744073709551616, Number("1e3"), Number("1.0"), Number("2.50"), Number("-0.0"), Number("1e-7"), Number("123456789012345678901234567890"),
           Number("-340282366920938463463374607431768211456"), Number("1e20"), Number("0.30000000000000004"), Number("1e100")]
STRINGS = ["", "a", "b", "ab", "abc", "aba", "A", "aB", " ", " a b ", "a,b,c", "a.b", "/a/b", "é", "日本", "\u0130", "ß", "🙂", "a🙂b", "e\u0301", "\u00a0x\u2003", "0", "1", "-1", "1.5", "1e3",
           "true", "null", "\t", "a\nb", "\"", "\\", "%", "x=y&z", "{}", "[1]", "*", "a*b", "a+", "$1", "${1}", "ǆ", "ﬁ", "\u0000", "\u200b", "aaaa"]
KEYS = ["a", "b", "k", "l", "", "é", "a.b", "/"]


def number(rng):
    return rng.choice(NUMBERS)


def string(rng):
    return rng.choice(STRINGS)


def scalar(rng):
    pick = rng.random()
    if pick < 0.35:
        return number(rng)
    if pick < 0.8:
        return string(rng)
    return rng.choice([True, False, None])


def items(rng, depth, most=4):
    return [anything(rng, depth - 1) for _ in range(rng.randint(0, most))]


def unique(values):
    """By their text: two equal values of different texts may stay, as a set literal may hold them."""
    seen = {}
    for v in values:
        seen.setdefault(write(v), v)
    return list(seen.values())


def a_set(rng, depth=2, item=None):
    return Set(unique([(item or (lambda r: anything(r, depth - 1)))(rng) for _ in range(rng.randint(0, 4))]))


def an_array(rng, depth=2, item=None):
    return [(item or (lambda r: anything(r, depth - 1)))(rng) for _ in range(rng.randint(0, 4))]


def an_object(rng, depth=2, item=None):
    return {rng.choice(KEYS): (item or (lambda r: anything(r, depth - 1)))(rng) for _ in range(rng.randint(0, 4))}


def anything(rng, depth=2):
    if depth <= 0 or rng.random() < 0.4:
        return scalar(rng)
    return rng.choice([an_array, a_set, an_object])(rng, depth)
