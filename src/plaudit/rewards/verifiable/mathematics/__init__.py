from plaudit.rewards.verifiable.mathematics.comparison import Decision, decide
from plaudit.rewards.verifiable.mathematics.oracle import check_reference, confirm

__all__ = ["Decision", "check_reference", "confirm", "decide"]
