from slow_tests import TESTS, slow_functions


def test_what_is_listed_is_there() -> None:
    for file, functions in slow_functions().items():
        source = (TESTS / file).read_text("utf-8")
        missing = [name for name in functions if f"def {name}(" not in source]
        assert missing == [], f"{file}: slow.yaml names functions that are not there"
