"""Reads the conformance cases of the language's own definition (google/cel-spec) from cel-python's source archive. Prints a
line of JSON for each: its name, the expression, and the expected result."""

import ast
import json
import re
import sys
import tarfile

CASE = re.compile(r"^Scenario: (.*?)$(.*?)(?=^(?:@\w+\n)*Scenario:|\Z)", re.M | re.S)
STEP = re.compile(r"^    (?:Given|When|Then|and|And) .*$", re.M)
ASKED = re.compile(r"^    When CEL expression (.*) is evaluated$", re.M)
PLAIN = re.compile(r"celpy\.celtypes\.(Bool|Int|Double|String)Type\(source=((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^()'\"]*))\)")
TYPES = {
    "BoolType": "bool", "BytesType": "bytes", "DoubleType": "double", "IntType": "int", "ListType": "list",
    "MapType": "map", "NoneType": "null_type", "StringType": "string", "TypeType": "type", "UintType": "uint",
}


def expected(steps):
    """The expected result of the case: `value`, `type`, `error`, or `other` for a value that JSON does not have."""
    for step in steps:
        if step.startswith("Then eval_error is "):
            return {"error": step[len("Then eval_error is "):]}
        if step.startswith("Then value is "):
            text = step[len("Then value is "):]
            name = re.fullmatch(r"(?:celpy\.celtypes\.)?(\w+)", text)
            infinite = re.fullmatch(r"celpy\.celtypes\.DoubleType\(source=float\('(-?inf)'\)\)", text)
            if infinite:
                return {"value": infinite[1]}
            if text != "None" and name and name[1] in TYPES:
                return {"type": TYPES[name[1]]}
            try:
                value = ast.literal_eval(PLAIN.sub(lambda found: found[2], text))
                return {"value": json.loads(json.dumps(value, allow_nan=False))} if not isinstance(value, dict) else {"other": text}
            except (ValueError, SyntaxError, TypeError):
                return {"other": text}
    return None


def main():
    with tarfile.open(sys.argv[1]) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if not member.name.endswith(".feature"):
                continue
            text = archive.extractfile(member).read().decode()
            if not text.startswith("@conformance"):
                continue
            file = member.name.rsplit("/", 1)[1].removesuffix(".feature")
            for case in CASE.finditer(text):
                asked = ASKED.search(case[2])
                steps = [step.strip() for step in STEP.findall(case[2])]
                outcome = expected(steps)
                # Names that only the suite's own environment declares.
                declared = any(word in step for step in steps for word in ("bindings", "type_env", "container"))
                if asked and outcome and not declared:
                    print(json.dumps({"name": f"{file}/{case[1].strip()}", "expression": ast.literal_eval(asked[1]), **outcome}))


main()
