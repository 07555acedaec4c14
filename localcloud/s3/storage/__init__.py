"""What lasts: moto's models on disk, piece by piece, before the client is answered.

```
state.db      a piece a row: a bucket, a key with its versions, an upload, IAM, …
bodies/       objects and parts above 64 KiB; smaller ones are in state.db
```
"""

from localcloud.s3.storage.keeper import Storage

__all__ = ["Storage"]
