#!/usr/bin/env python3
"""Tests that layers.py finds exactly the imports that it must find."""

import os
import shutil
import tempfile
import unittest

from layers import Tree, faults, layers_in

LAYERS = """
# Architecture

## Layers

    src/
    main
    run
    aws │ google
    http · job
    error │ text

## Decisions

    run
"""

HERE = os.path.dirname(os.path.abspath(__file__))


class Layers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def faults(self, changed):
        """Returns the errors of a small valid tree with the files `changed`."""
        files = {
            "lib.rs": "pub mod aws;\npub use http::Client;\n",
            "main.rs": "use oidc_exchange::run;\n",
            "run.rs": "use crate::{aws, google::Provider};\n",
            "aws/mod.rs": "mod arn;\nmod exchange;\npub use arn::RoleArn;\n",
            "aws/arn.rs": "use crate::error::Error;\n",
            "aws/exchange.rs": "use super::{RoleArn, Request};\n",
            "google.rs": "use crate::http::Client;\n",
            "http.rs": "use crate::error::Error;\n",
            "job.rs": "use crate::http::Client;\n",
            "error.rs": "",
            "text.rs": "",
        }
        for name, text in {**files, **changed}.items():
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        found = faults(Tree(self.folder, "oidc_exchange"), layers_in(LAYERS)["src"])
        return [line.replace(f"{self.folder}/", "") for line in found]

    def test_a_tree_whose_imports_point_down(self):
        self.assertEqual(self.faults({}), [])

    def test_an_upward_import(self):
        for written in (
            "use crate::http::Client;",
            "use crate::{\n  http::{Client, self},\n};",
            "pub(crate) use super::http;",
            "fn f() -> crate::http::Client {}",
            "fn f<'a>(x: &'a str) { super::http::get('x', '\\'', x) }",
            "use crate::Client;",
        ):
            found = self.faults({"error.rs": f"//! An error.\n{written}\n"})
            self.assertTrue(found, written)
            for line in found:
                self.assertRegex(
                    line,
                    r"^error\.rs:2: [\w:]+ points up: error is in layer 5 \(error │ text\), http in layer 4 \(http · job\)$",
                )

    def test_what_is_no_import(self):
        for written in (
            "// use crate::http;",
            "/* crate::http::get */",
            "/// [`crate::http::Client`] carries it.\nfn f() {}",
            'const A: &str = "crate::http::get \\" crate::http::get";',
            'const A: &str = r#"use "crate::http";"#;',
            "#[cfg(test)]\nuse crate::http::{Client, get};",
            "#[cfg(test)]\nmod tests {\n fn f(x: [u8; 2]) { crate::http::get(); }\n}",
            "#[cfg(test)]\n#[must_use]\nfn f(x: [u8; 2]) { crate::http::get(); }",
            "use serde::http::error;",
        ):
            self.assertEqual(self.faults({"error.rs": written}), [], written)

    def test_a_file_that_is_only_for_tests(self):
        files = {"error.rs": "#[cfg(test)]\nmod tests;\n", "error/tests.rs": "use crate::http;\n"}
        self.assertEqual(self.faults(files), [])

    def test_what_follows_a_test_is_read(self):
        self.assertEqual(len(self.faults({"error.rs": "#[cfg(test)]\nmod tests {}\nuse crate::http;\n"})), 1)

    def test_sideways(self):
        found = self.faults({"google.rs": "use crate::aws::RoleArn;\n"})
        where = "google.rs:1: crate::aws::RoleArn points sideways"
        self.assertEqual(found, [f"{where}: google is in layer 3 (aws │ google), aws in layer 3 (aws │ google)"])

    def test_a_circle_within_a_layer(self):
        found = self.faults({"http.rs": "use crate::job;\n"})
        self.assertEqual(
            found,
            [
                "http.rs:1: crate::job closes a circle: http → job → http",
                "job.rs:1: crate::http::Client closes a circle: job → http → job",
            ],
        )

    def test_a_circle_inside_a_module_by_way_of_a_re_export(self):
        found = self.faults({"aws/arn.rs": "use super::exchange::get;\n"})
        self.assertEqual(
            found,
            [
                "aws/arn.rs:1: super::exchange::get closes a circle: aws::arn → aws::exchange → aws::arn",
                "aws/exchange.rs:1: super::RoleArn closes a circle: aws::exchange → aws::arn → aws::exchange",
            ],
        )

    def test_a_folder_counts_as_one(self):
        files = {
            "aws/trust/mod.rs": "mod a;\nmod b;\n",
            "aws/trust/a.rs": "use crate::aws::arn;\n",
            "aws/trust/b.rs": "",
            "aws/arn.rs": "use super::trust::b::B;\n",
        }
        self.assertEqual(len(self.faults(files)), 2)

    def test_an_item_of_the_root(self):
        found = self.faults({"error.rs": "use crate::VERSION;\n"})
        self.assertEqual(found, ["error.rs:1: crate::VERSION is an item of the crate's root, which is above all layers"])

    def test_the_list_is_complete(self):
        self.assertIn(" is in no layer of ARCHITECTURE.md", self.faults({"azure.rs": ""})[0])

    def test_an_import_planted_in_the_real_tree(self):
        with open(os.path.join(HERE, "../ARCHITECTURE.md"), encoding="utf-8") as file:
            layers = layers_in(file.read())
        for root, crate, module in (("src", "oidc_exchange", "error"), ("sandbox/src", "sandbox", "random")):
            copy = os.path.join(self.folder, root)
            shutil.copytree(os.path.join(HERE, "..", root), copy)
            file = f"{copy}/{module}.rs"
            with open(file, "r+", encoding="utf-8") as planted:
                line = len(planted.readlines()) + 1
                planted.write("use crate::aws;\n")
            found = set(faults(Tree(copy, crate), layers[root]))
            shutil.rmtree(copy)
            self.assertIn(f"{file}:{line}: crate::aws points up: {module} is in", "\n".join(found))


if __name__ == "__main__":
    unittest.main()
