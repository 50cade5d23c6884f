"""State, bodies, runs, the journal, the lock and plan files ↔ bytes. The key layout is one; where the bytes lie is a
`Blobs`.
"""
