"""The engine: refresh → plan → apply → verify, through core.ports only. It knows no HTTP, no files, no terminal."""
