"""Files → documents, strictly: every value with its place, every error with `file:line:column`. Understands no kind."""
