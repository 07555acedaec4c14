"""S3: one file a kind; importing this package registers them all."""

__all__: list[str] = []
