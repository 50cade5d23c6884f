"""What ggrec costs, measured beside a bare client that does only what must be done. See README.md."""
