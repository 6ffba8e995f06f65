"""`python -m openbook`: the command, for launchers that start a module (torchrun -m openbook train …)."""

from openbook.cli import main

if __name__ == "__main__":
    main()
