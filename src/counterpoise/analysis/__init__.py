"""Questions asked of a plan: what limits, facts, offers and techniques are worth, and why not the rest.

Every question takes a problem and, where it must plan again, a function that solves one; none reads a file.
"""
