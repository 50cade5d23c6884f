"""Writing values back into the texts that authors keep. Pure: texts in, texts out."""
