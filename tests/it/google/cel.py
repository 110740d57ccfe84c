"""Expressions on standard input, a JSON object a line; what cel-python makes of each on standard output."""

import json
import logging
import sys

import celpy

logging.disable(logging.CRITICAL)
environment = celpy.Environment()


def plain(value):
    """As JSON; the package's own encoder makes numbers of truth values in lists."""
    if isinstance(value, celpy.celtypes.BoolType):
        return bool(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return json.loads(json.dumps(value, cls=celpy.CELJSONEncoder))


def answer(question):
    try:
        program = environment.program(environment.compile(question["expression"]))
        value = program.evaluate({"assertion": celpy.json_to_cel(question["claims"])})
        return {"value": plain(value)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
