"""The routes of the account API, one object a file."""
