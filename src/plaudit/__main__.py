"""``python -m plaudit``."""

from plaudit.cli.app import main

main()
