import ast

from slow_tests import TESTS, slow_functions


def test_what_is_listed_is_there() -> None:
    for file, functions in slow_functions().items():
        nodes = ast.walk(ast.parse((TESTS / file).read_text("utf-8")))
        there = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert functions.keys() <= there, f"{file}: slow.yaml names functions that are not there"
