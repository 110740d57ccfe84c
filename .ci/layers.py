#!/usr/bin/env python3
"""Checks that imports point down only.

ARCHITECTURE.md lists the layers of src/ and of sandbox/src from the top ("## Layers"). A module may import from a lower
layer. In a layer that is written with `·` the modules may also import each other, but not in a circle; in one written
with `│` they may not. Inside a module the files, and the folders as wholes, have no circles either; only a module file
and its own children may import each other. Read are all paths outside `#[cfg(test)]`: in a `use`, or inline.
"""

import os
import re
import sys

LITERALS = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | b?r(?P<hashes>\#*)".*?"(?P=hashes) | b?"(?:\\.|[^"\\])*" | b?'(?:\\(?:u\{\w+\}|x..|.)|[^\\'])'""",
    re.VERBOSE | re.DOTALL,
)
FOR_TESTS = re.compile(r"#\[cfg\(test\)\]\s*")
ITEM = re.compile(r"(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?(\w+)\s+(\w*)")
USE = re.compile(r"\buse\s+([^;]+);")
INLINE = re.compile(r"(?<![\w:])(?:crate|self|super|CRATE)(?:\s*::\s*\w+)+")


def blanked(text, start, end):
    return text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]


def code_of(text):
    """Returns the code without comments, literals and tests, with the same line numbers; and the modules for tests."""
    text = LITERALS.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    tests = set()
    while found := FOR_TESTS.search(text):
        kind, name = ITEM.match(text, found.end()).groups()
        end = text.index(";", found.end()) + 1 if kind == "use" else end_of_item(text, found.end())
        if kind == "mod":
            tests.add(name)
        text = blanked(text, found.start(), end)
    return text, tests


def end_of_item(text, at):
    """Returns the end of an item: its `;` or its closing brace, whichever comes first outside of brackets."""
    depth = 0
    for found in re.finditer(r"[()\[\]{};]", text[at:]):
        sign = found.group()
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(sign, 0)
        if depth == 0 and sign in ";}":
            return at + found.end()
    return len(text)


def leaves(tree):
    """Yields (path, name here) for each leaf of a use tree such as `a::{b, c::{self, D as E}}`."""
    tree = tree.strip()
    if (at := tree.find("{")) < 0:
        path, _, name = re.sub(r"\s+", " ", tree).partition(" as ")
        path = tuple(part.strip() for part in path.split("::"))
        if path[-1] == "self" and len(path) > 1:
            path = path[:-1]
        yield path, name.strip() or path[-1]
        return
    prefix = tuple(part.strip() for part in tree[:at].split("::") if part.strip())
    depth, start, inner = 0, 0, tree[at + 1 : tree.rindex("}")]
    for index, sign in enumerate(inner + ","):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            if inner[start:index].strip():
                for path, name in leaves(inner[start:index]):
                    if path == ("self",):
                        path, name = (), prefix[-1]
                    yield prefix + path, name
            start = index + 1


class Tree:
    """The modules of one source folder, and their imports."""

    def __init__(self, root, crate):
        self.root, self.crate = root, crate
        self.files = {}
        tests = set()
        code = {}
        for folder, _, names in os.walk(root):
            for name in names:
                if name.endswith(".rs"):
                    file = os.path.join(folder, name)
                    module = self.module_of(file)
                    with open(file, encoding="utf-8") as source:
                        code[module], for_tests = code_of(source.read())
                    self.files[module] = file
                    tests |= {module + (name,) for name in for_tests}
        self.files = {
            module: file
            for module, file in self.files.items()
            if not any(module[: len(test)] == test for test in tests)
        }
        # Per module: the names that its `use` lines bring in, and all paths as (line, path, as written).
        self.names, self.paths = {}, {}
        for module in self.files:
            self.read(module, code[module])
        self.imports = list(self.all_imports())

    def module_of(self, file):
        parts = os.path.relpath(file, self.root).removesuffix(".rs").split(os.sep)
        return tuple(parts[:-1] if parts[-1] in ("mod", "lib") else parts)

    def read(self, module, code):
        self.names[module], self.paths[module] = {}, []
        inline = INLINE.pattern.replace("CRATE", self.crate)
        for found in USE.finditer(code):
            line = code.count("\n", 0, found.start()) + 1
            for path, name in leaves(found.group(1)):
                if (absolute := self.absolute(module, path)) is not None:
                    self.names[module][name] = absolute
                    self.paths[module].append((line, absolute, "::".join(path)))
        code = USE.sub(lambda use: blanked(use.group(), 0, len(use.group())), code)
        for found in re.finditer(inline, code):
            path = tuple(part.strip() for part in found.group().split("::"))
            if (absolute := self.absolute(module, path)) is not None:
                self.paths[module].append((code.count("\n", 0, found.start()) + 1, absolute, "::".join(path)))

    def absolute(self, module, path):
        """Returns a path from the crate's root, or None if it leads into another crate."""
        if path[0] in ("crate", self.crate):
            return path[1:]
        if path[0] in ("self", "super"):
            at = module
            while path and path[0] in ("self", "super"):
                at, path = (at[:-1] if path[0] == "super" else at), path[1:]
            return at + path
        return module + path if module + path[:1] in self.files else None

    def targets(self, path, seen=()):
        """Yields the module of a path and, if it re-exports the name, the module that defines it."""
        module = ()
        for index, name in enumerate(path):
            if module + (name,) in self.files:
                module += (name,)
                continue
            beyond = self.names.get(module, {}).get(name)
            if beyond is not None and (module, name) not in seen:
                yield from self.targets(beyond + path[index + 1 :], (*seen, (module, name)))
                if not module:
                    return
            break
        yield module

    def all_imports(self):
        """Yields (importer, imported, file and line, as written), once each."""
        for module in sorted(self.files):
            for line, path, written in sorted(set(self.paths[module])):
                for target in sorted(set(self.targets(path)) - {module}):
                    yield module, target, f"{self.files[module]}:{line}", written


def upward(layers, place, imports):
    """Yields the imports that point up, or sideways where the layer is not written with `·`."""
    for importer, imported, where, written in imports:
        if not importer or importer[:1] == imported[:1]:
            continue
        if not imported:
            yield f"{where}: {written} is an item of the crate's root, which is above all layers"
            continue
        above, below = place.get(importer[0]), place.get(imported[0])
        if above is None or below is None:
            continue
        if below < above or (below == above and "│" in layers[above][0]):
            way = "up" if below < above else "sideways"
            yield (
                f"{where}: {written} points {way}: {importer[0]} is in layer {above + 1} ({layers[above][0]}), "
                f"{imported[0]} in layer {below + 1} ({layers[below][0]})"
            )


def circles(imports):
    """Yields the imports that close a circle among the children of one module, a folder counting as one child."""
    siblings = {}
    for importer, imported, where, written in imports:
        common = 0
        while common < min(len(importer), len(imported)) and importer[common] == imported[common]:
            common += 1
        # A module file and its children count as one.
        if common < min(len(importer), len(imported)):
            edges = siblings.setdefault(importer[:common], {})
            edge = (importer[common], imported[common])
            edges.setdefault(edge, f"{where}: {written}")
    for parent, edges in sorted(siblings.items()):
        for (importer, imported), where in sorted(edges.items()):
            if way := path_between(edges, imported, importer):
                names = " → ".join("::".join((*parent, name)) for name in (importer, *way))
                yield f"{where} closes a circle: {names}"


def path_between(edges, start, end):
    """The shortest way from start to end, as a list of both and what is between; None if there is none."""
    ways = [[start]]
    seen = {start}
    for way in ways:
        if way[-1] == end:
            return way
        for imported in sorted(imported for importer, imported in edges if importer == way[-1] and imported not in seen):
            seen.add(imported)
            ways.append([*way, imported])
    return None


def faults(tree, layers):
    """Returns all that is wrong, a line each."""
    imports = tree.imports
    listed = [name for _, names in layers for name in names]
    place = {name: index for index, (_, names) in enumerate(layers) for name in names}
    # A circle through several layers has an import that points up, which is reported already.
    within = [edge for edge in imports if edge[0] and edge[1] and place.get(edge[0][0]) == place.get(edge[1][0])]
    found = {module[0] for module in tree.files if module}
    return (
        [f"{tree.root}: {name} is in no layer of ARCHITECTURE.md" for name in sorted(found - set(listed))]
        + [f"ARCHITECTURE.md: {name} is not a module of {tree.root}" for name in listed if name not in found]
        + [f"ARCHITECTURE.md: {name} is in two layers" for name in sorted(found) if listed.count(name) > 1]
        + sorted(set(upward(layers, place, imports)))
        + sorted(set(circles(within)))
    )


def layers_in(text):
    """Returns {folder: [(the line, its modules)]} from the section "Layers" of ARCHITECTURE.md."""
    section = re.search(r"^## Layers\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    layers = {}
    for line in re.findall(r"^    (.+)$", section.group(1) if section else "", re.MULTILINE):
        line = line.strip()
        if line.endswith("/"):
            current = layers.setdefault(line.rstrip("/"), [])
        else:
            current.append((line, re.split(r"\s*[·│]\s*", line)))
    return layers


def main():
    with open("ARCHITECTURE.md", encoding="utf-8") as file:
        layers = layers_in(file.read())
    wrong = []
    for root, crate in (("src", "oidc_exchange"), ("sandbox/src", "sandbox")):
        tree = Tree(root, crate)
        wrong += faults(tree, layers[root])
        print(f"{root}: {len(tree.files)} files, {len(layers[root])} layers")
    for line in wrong:
        print(f"error: {line}", file=sys.stderr)
    if wrong:
        sys.exit("error: imports point down only; ARCHITECTURE.md lists the layers")


if __name__ == "__main__":
    main()
