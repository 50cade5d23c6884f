"""One style for desired files: text in, text out, comments kept. Must not read files or know what a document means."""
