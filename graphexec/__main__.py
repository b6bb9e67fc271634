"""`python -m graphexec` is `graphexec`."""

from graphexec.cli import main

if __name__ == "__main__":
    main()
