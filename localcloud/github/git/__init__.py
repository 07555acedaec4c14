"""Git over HTTP for the repositories that the server holds."""
