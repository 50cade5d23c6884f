"""BLAKE2 from where Python itself keeps it: `hashlib` loads OpenSSL with it, which no digest of ours needs."""

try:
    from _blake2 import blake2b
except ImportError:  # an interpreter that is built without it has OpenSSL's
    from hashlib import blake2b

__all__ = ["blake2b"]
