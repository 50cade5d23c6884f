"""What authors may abbreviate → resources. Pure: documents and the registry in, resources and diagnostics out."""
