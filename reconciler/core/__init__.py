"""The hub: the words of the domain as pure values and functions.

Everything may import core; core imports nothing of its siblings, does no I/O, reads no clock and draws no randomness.
"""
