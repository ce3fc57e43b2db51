"""`python -m doorward` is the `doorward` command."""

from doorward.cli import main

if __name__ == "__main__":
    main()
