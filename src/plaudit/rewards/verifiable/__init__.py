"""Rewards whose truth can be computed, in rooms by what they look at.

answers, text, formats, regions (boxes, points, masks), timing, structured (tables, SQL, charts, code), tools, groups,
pictures; mathematics is what :class:`~plaudit.rewards.verifiable.answers.answer.Answer` asks for ``math``.
"""
